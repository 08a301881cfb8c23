"""When an offer is sent: with all ways out at first, then as soon as those are found again."""

from __future__ import annotations

from typing import Final

import pytest

from kiosk.signaling import messages as m
from tests.browser.screen_stage import CHROMIUM, SOUND, Stage, chromium, converse, screen, state

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
# A peer connection finds what it is told to; which of them made an offer is what is asked.
OFFERS: Final = """async () => {
  const { Gathering } = await import("/static/kiosk/gathering.js");
  const gathering = new Gathering();
  const stun = [{ urls: ["stun:a"] }];
  const offers = async (kinds, { complete = false, servers = stun, closed = false } = {}) => {
    const peer = new EventTarget();
    peer.iceGatheringState = "gathering";
    peer.signalingState = closed ? "closed" : "have-local-offer";
    let offered = false;
    gathering.of(peer, servers).then(() => { offered = true; });
    for (const kind of kinds) {
      const [type, protocol = "udp"] = kind.split(" ");
      const event = new Event("icecandidate");
      event.candidate = { type, protocol };
      peer.dispatchEvent(event);
    }
    if (complete) {
      peer.iceGatheringState = "complete";
      peer.dispatchEvent(new Event("icegatheringstatechange"));
    }
    await Promise.resolve();
    return offered;
  };
  const all = ["host", "host", "srflx", "relay", "relay", "host tcp"];
  const found = {};
  found.first = await offers(all);
  found.complete = await offers(all, { complete: true });
  found.again = await offers(["host", "host", "srflx", "relay"]);
  found.fewer = await offers(["host", "host", "relay"]);
  found.others = await offers(all, { servers: [{ urls: ["stun:b"] }] });
  found.fewer_is_all = await offers(["host"], { complete: true });
  found.fewer_again = await offers(["host"]);
  await offers([], { complete: true });
  await offers(["host", "srflx"], { complete: true, closed: true });
  found.nothing_is_not_learnt = await offers(["host"]);
  gathering.forget();
  found.forgotten = await offers(all);
  return found;
}"""


async def test_an_offer_waits_for_no_more_than_was_found_before() -> None:
    async with Stage() as stage, chromium(SOUND) as browser, screen(browser, stage) as page:
        found: dict[str, bool] = await page.evaluate(OFFERS)
        assert found == {
            "first": False,
            "complete": True,
            "again": True,
            "fewer": False,
            "others": False,
            "fewer_is_all": True,
            "fewer_again": True,
            "nothing_is_not_learnt": True,
            "forgotten": False,
        }
        # And with the browser's own: the second visitor's offer is as good as the first one's.
        ways = []
        for _ in range(2):
            stage.heard.clear()
            await converse(page, stage)
            await stage.until(lambda: bool(stage.of(m.Media)))
            assert [one.state for one in stage.of(m.Media)] == ["playing"]
            ways.append(stage.of(m.Offer)[0].sdp.count(" udp "))
            await stage.say(m.Ended(reason="idle"))
            await state(page, "attract")
        assert ways[0] == ways[1]
