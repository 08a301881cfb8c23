"""The microphone's resampler, run by Chromium from the page's own module."""

from __future__ import annotations

import pytest

from tests.browser.screen_stage import CHROMIUM, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

# One second of a tone through the resampler in render quanta of 128: its loudness and frequency.
MEASURE = """async ([rate, tone]) => {
  const { Resampler } = await import('/static/kiosk/resampler.js');
  const resampler = new Resampler(rate);
  const out = [];
  for (let start = 0; start < rate; start += 128) {
    const block = Float32Array.from({ length: 128 }, (_, i) =>
      0.5 * Math.sin((2 * Math.PI * tone * (start + i)) / rate));
    resampler.push(block, (sample) => out.push(sample));
  }
  const steady = out.slice(2400, 21600);
  const power = steady.reduce((sum, x) => sum + x * x, 0) / steady.length;
  let turns = 0;
  let jump = 0;
  for (let i = 1; i < steady.length; i += 1) {
    if (steady[i - 1] < 0 && steady[i] >= 0) turns += 1;
    jump = Math.max(jump, Math.abs(steady[i] - steady[i - 1]));
  }
  return {
    count: out.length,
    rms: Math.sqrt(power) / 32768,
    tone: turns / (steady.length / 24000),
    jump: jump / 32768,
  };
}"""


async def test_tones_pass_and_what_would_fold_back_is_gone_at_every_rate() -> None:
    async with opened() as (_stage, page):
        for rate in (48_000, 44_100, 96_000, 32_000, 24_000, 16_000):
            passed = await page.evaluate(MEASURE, [rate, 1_000])
            assert abs(passed["count"] - 24_000) < 200, (rate, passed)
            assert abs(passed["rms"] - 0.3536) < 0.005, (rate, passed)
            assert abs(passed["tone"] - 1_000) < 3, (rate, passed)
            # A seam between two blocks would show as a step the tone itself never makes.
            assert passed["jump"] < 0.5 * 2 * 3.1416 * 1_000 / 24_000 * 1.05, (rate, passed)
            if rate >= 32_000:
                folded = await page.evaluate(MEASURE, [rate, 14_000])
                assert folded["rms"] < 0.3536 / 1000, (rate, folded)
