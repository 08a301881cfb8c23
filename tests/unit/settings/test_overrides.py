"""What one screen has otherwise: named by a field, checked by the section it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kiosk.errors import SettingsError
from kiosk.settings import Settings, load_settings
from kiosk.settings.overrides import of, overridden
from kiosk.settings.places import KioskSettings


def settings(*kiosks: dict[str, Any], **sections: dict[str, Any]) -> Settings:
    values: dict[str, Any] = {"site": {"languages": ["en", "de", "fr"]}, **sections}
    values["kiosks"] = [{"id": f"k{i}", "name": f"K{i}", **item} for i, item in enumerate(kiosks)]
    return load_settings(overrides=values, read_file=False)


def test_a_field_names_the_setting_it_overrides() -> None:
    class Screen(BaseModel):
        id: str
        talk: str | None = of("site.talk")
        dim: float | None = of("attract.night_dim")
        volume: float | None = of("site.volume")

    given = Screen(id="a", talk="push", dim=0)
    assert overridden(given) == {"site": {"talk": "push"}, "attract": {"night_dim": 0}}


def test_every_override_names_a_setting_there_is() -> None:
    made = Settings()
    found = 0
    for field in KioskSettings.model_fields.values():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "overrides" in extra:
            section, _, key = str(extra["overrides"]).partition(".")
            assert key in type(getattr(made, section)).model_fields
            found += 1
    assert found >= 12


def test_each_screen_has_its_own_and_the_rest_is_the_site_s() -> None:
    made = settings(
        {"theme": "dark", "languages": ["de"], "consent": False, "presence": "camera"},
        {"volume": 0.4, "text_size": "large"},
        {},
        site={"languages": ["en", "de", "fr"], "talk": "push"},
    )
    first, second, third = (made.for_kiosk(f"k{i}") for i in range(3))
    assert (first.site.theme, first.site.languages, first.site.consent) == ("dark", ["de"], False)
    assert (first.site.talk, first.attract.presence) == ("push", "camera")
    assert (second.site.theme, second.site.volume, second.site.text_size) == (
        "gallery",
        0.4,
        "large",
    )
    assert third.site == made.site
    assert made.for_kiosk("nobody").site is made.site
    assert made.uses_camera
    assert not settings({}).uses_camera


@pytest.mark.parametrize(
    ("kiosk", "said"),
    [
        ({"staff": {"it": "A destra."}}, "kiosks: k0: site.staff: it is none of site.languages"),
        ({"volume": 7}, "kiosks: k0: volume: Input should be less than or equal to 1"),
        ({"languages": []}, "kiosks: k0: languages: List should have at least 1 item"),
        ({"languages": ["it"]}, "kiosks: k0: site.languages lacks 'it'"),
        ({"languages": ["de"], "language": "fr"}, "k0 has a language that its languages lack"),
        ({"hours": ["monday"]}, "kiosks: k0: hours: 'monday' are no hours"),
        (
            {"presence_starts": True, "consent": False},
            "kiosks: k0: attract.presence_starts needs site.consent = true",
        ),
        (
            {"speak_starts": "high", "talk": "push"},
            "kiosks: k0: attract.speak_starts needs site.talk = 'open'",
        ),
        (
            {"speak_starts": "high", "consent": False},
            "kiosks: k0: attract.speak_starts needs site.consent = true, or site.spoken_notice",
        ),
    ],
)
def test_a_wrong_override_is_named_with_its_screen(kiosk: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(kiosk)
    assert said in str(caught.value)
