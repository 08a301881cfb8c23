"""Avatar kiosk: a walk-up talking avatar between kiosk browsers and Azure Voice Live."""
