"""The upstream wire: Azure Voice Live through its SDK. Knows nothing of kiosks or plugins."""
