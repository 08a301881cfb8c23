"""Settings of the Voice Live session: everything the SDK's RequestSession can express.

Names and allowed values are those of azure-ai-voicelive 1.3.1's models; where the service's own
default is meant, the setting is empty and nothing is sent.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from kiosk.settings.base import LANGUAGE_CODE, Section

_Int = Annotated[int, Field(ge=0)]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _AzureVoice(Section):
    temperature: float | None = Field(None, ge=0, le=1, description="Variation of HD voices.")
    custom_lexicon_url: str | None = Field(None, description="Pronunciation lexicon (PLS) URL.")
    custom_text_normalization_url: str | None = Field(None, description="Text rules URL.")
    prefer_locales: list[str] = Field([], description="Accents a multilingual voice prefers.")
    locale: str | None = Field(None, description="Fixed locale of the voice.")
    style: str | None = Field(None, description="Speaking style, such as `cheerful`.")
    pitch: str | None = Field(None, description="Pitch, such as `+5%`.")
    rate: str | None = Field(None, description="Speed, such as `0.9` or `+10%`.")
    volume: str | None = Field(None, description="Loudness, such as `-10%`.")


class AzureStandardVoice(_AzureVoice):
    """A voice of the Azure catalogue, HD voices included."""

    type: Literal["azure-standard"] = Field("azure-standard", description="Kind of voice.")
    name: str = Field("en-US-AndrewMultilingualNeural", description="Voice name.")


class AzureCustomVoice(_AzureVoice):
    """A custom neural voice of your own."""

    type: Literal["azure-custom"] = Field(description="Kind of voice.")
    name: str = Field(description="Voice name.")
    endpoint_id: str = Field(description="Deployment of the custom voice.")


class AzurePersonalVoice(_AzureVoice):
    """A personal voice."""

    type: Literal["azure-personal"] = Field(description="Kind of voice.")
    name: str = Field(description="Speaker profile.")
    model: str = Field("DragonLatestNeural", description="Base model of the personal voice.")


class AvatarSyncVoice(_AzureVoice):
    """The voice that belongs to the avatar."""

    type: Literal["avatar-voice-sync"] = Field(description="Kind of voice.")
    model: str = Field("DragonLatestNeural", description="Base model of the voice.")


class AzureNativeVoice(Section):
    """A voice spoken by the realtime model itself."""

    type: Literal["azure-realtime-native"] = Field(description="Kind of voice.")
    name: str = Field(description="Voice name, such as `andrew`.")


class OpenAIVoice(Section):
    """An OpenAI voice; deterministic greetings are text only with it."""

    type: Literal["openai"] = Field(description="Kind of voice.")
    name: str = Field("ash", description="Voice name, such as `alloy`.")


VoiceSettings = Annotated[
    AzureStandardVoice
    | AzureCustomVoice
    | AzurePersonalVoice
    | AvatarSyncVoice
    | AzureNativeVoice
    | OpenAIVoice,
    Field(discriminator="type"),
]


class SceneSettings(Section):
    """Framing of a photo avatar."""

    zoom: float | None = Field(None, gt=0, description="Size of the person; 1 is as delivered.")
    position_x: float | None = Field(None, ge=-1, le=1, description="Sideways, -1 to 1.")
    position_y: float | None = Field(None, ge=-1, le=1, description="Up and down, -1 to 1.")
    rotation_x: float | None = Field(None, description="Nod, radians.")
    rotation_y: float | None = Field(None, description="Turn, radians.")
    rotation_z: float | None = Field(None, description="Tilt, radians.")
    amplitude: float | None = Field(None, gt=0, le=1, description="How lively it moves.")


class AvatarSettings(Section):
    """The avatar's picture."""

    enabled: bool = Field(True, description="Off: a voice with no picture; no avatar quota used.")
    type: Literal["video-avatar", "photo-avatar"] = Field(
        "video-avatar", description="Filmed person or animated photo."
    )
    character: str = Field("harry", min_length=1, description="Character, lower case.")
    style: str | None = Field("business", description="Style; empty for photo avatars.")
    customized: bool = Field(False, description="The character is your own custom avatar.")
    model: Literal["vasa-1"] | None = Field(
        None, description="Base model; photo avatars need `vasa-1`, set for them by itself."
    )
    width: int = Field(1920, ge=2, le=3840, description="Pixels; native aspect ratio is needed.")
    height: int = Field(1080, ge=2, le=2160, description="Pixels.")
    crop: tuple[_Int, _Int, _Int, _Int] | None = Field(
        None, description="Part of the picture in pixels: left, top, right, bottom."
    )
    bitrate: int = Field(2_000_000, ge=100_000, le=20_000_000, description="Bits a second.")
    gop_size: int | None = Field(None, ge=1, le=2000, description="Frames between keyframes.")
    background_color: str | None = Field(
        None,
        pattern=r"^#[0-9A-Fa-f]{8}$",
        description="Backdrop as #RRGGBBAA; empty: the theme's, so that no edge is seen.",
    )
    background_image: str | None = Field(
        None, description="Backdrop image URL the service can fetch; instead of a colour."
    )
    scene: SceneSettings | None = Field(None, description="Framing; photo avatars only.")
    output_protocol: Literal["webrtc", "websocket"] = Field(
        "webrtc", description="How the picture travels. `websocket` is not built yet."
    )
    output_audit_audio: bool = Field(
        False, description="Also send the reply's audio over the socket."
    )

    @model_validator(mode="after")
    def _together(self) -> AvatarSettings:
        if self.background_image is not None and self.background_color is not None:
            raise ValueError("set background_color or background_image, not both")
        if self.type == "photo-avatar":
            if "style" in self.model_fields_set and self.style is not None:
                raise ValueError("a photo avatar has no style; remove it")
            self.style = None
            self.model = "vasa-1"
        elif self.scene is not None:
            raise ValueError("scene is for photo avatars; set type = 'photo-avatar' or remove it")
        if self.output_protocol == "websocket":
            raise ValueError("output_protocol = 'websocket' is not built yet; use 'webrtc'")
        if self.crop is not None:
            left, top, right, bottom = self.crop
            if not (left < right <= self.width and top < bottom <= self.height):
                raise ValueError("crop is left, top, right, bottom in pixels inside the picture")
        return self


class EndOfUtteranceSettings(Section):
    """Deciding by meaning that a sentence is finished; cascaded models only."""

    model: Literal[
        "semantic_detection_v1", "semantic_detection_v1_en", "semantic_detection_v1_multilingual"
    ] = Field("semantic_detection_v1_multilingual", description="Detector.")
    threshold_level: Literal["low", "medium", "high", "default"] | None = Field(
        None, description="How sure it must be."
    )
    timeout_ms: int | None = Field(None, ge=0, description="Longest wait for the end, ms.")


class TurnDetectionSettings(Section):
    """When the service takes what it hears for a turn.

    Interruption is ours by default: on `speech_started` the server itself cancels, clears the
    avatar's buffer and truncates, because whether the service's own interruption also empties the
    avatar's buffered picture and sound is documented nowhere.
    """

    type: Literal[
        "none",
        "server_vad",
        "semantic_vad",
        "azure_semantic_vad",
        "azure_semantic_vad_en",
        "azure_semantic_vad_multilingual",
    ] = Field("azure_semantic_vad_multilingual", description="`none` needs site.talk = 'push'.")
    threshold: float | None = Field(None, ge=0, le=1, description="Speech likelihood needed.")
    prefix_padding_ms: int | None = Field(None, ge=0, description="Audio kept before speech, ms.")
    speech_duration_ms: int | None = Field(
        None, ge=0, description="Speech needed to start, ms; Azure semantic detection only."
    )
    silence_duration_ms: int | None = Field(None, ge=0, description="Silence that ends, ms.")
    remove_filler_words: bool | None = Field(
        None, description="Ignore `uh`, `umm`; Azure semantic detection only."
    )
    languages: list[str] = Field([], description="Languages expected; multilingual detection.")
    create_response: bool = Field(
        True, description="The service answers by itself when a turn ends; off: the kiosk asks it."
    )
    interrupt_response: bool = Field(False, description="Let the service interrupt by itself.")
    auto_truncate: bool = Field(False, description="Let the service cut what was not heard.")
    eagerness: Literal["low", "medium", "high", "auto"] | None = Field(
        None, description="`semantic_vad` only."
    )
    end_of_utterance: EndOfUtteranceSettings | None = Field(
        None, description="End-of-utterance detection."
    )

    @model_validator(mode="after")
    def _fits_type(self) -> TurnDetectionSettings:
        azure = self.type.startswith("azure_semantic_vad")
        for name in ("speech_duration_ms", "remove_filler_words"):
            if getattr(self, name) is not None and not azure:
                raise ValueError(f"{name} needs an azure_semantic_vad type")
        if self.languages and self.type not in {
            "azure_semantic_vad",
            "azure_semantic_vad_multilingual",
        }:
            raise ValueError(
                "languages needs azure_semantic_vad or azure_semantic_vad_multilingual"
            )
        if self.eagerness is not None and self.type != "semantic_vad":
            raise ValueError("eagerness needs type = 'semantic_vad'")
        if self.auto_truncate and not self.interrupt_response:
            raise ValueError("auto_truncate needs interrupt_response = true")
        if self.auto_truncate and self.type == "semantic_vad":
            raise ValueError("auto_truncate does not work with semantic_vad; remove it")
        return self


class HearingSettings(Section):
    """What happens to the visitor's sound before the model hears it."""

    noise_reduction: Literal["azure_deep_noise_suppression", "near_field", "far_field"] | None = (
        Field("azure_deep_noise_suppression", description="Noise reduction; empty is none.")
    )
    echo_cancellation: bool = Field(True, description="Cancel the avatar's own voice.")
    transcription_model: str | None = Field(
        None,
        description="Captions of the visitor. Empty: `gpt-4o-transcribe` for gpt-realtime models, "
        "else `azure-speech`.",
    )
    transcription_language: str | None = Field(
        None, description="Expected language; empty: the visitor's, or automatic."
    )
    phrase_list: list[str] = Field([], description="Names to expect; azure-speech only.")
    custom_speech: dict[str, str] = Field(
        {}, description="Custom speech models by locale; azure-speech only."
    )


class McpServerSettings(Section):
    """A tool server the service itself calls."""

    label: str = Field(min_length=1, description="Short name.")
    url: str = Field(description="Where it is.")
    authorization: SecretStr | None = Field(None, description="Token sent to it.")
    headers: dict[str, SecretStr] = Field({}, description="Further headers sent to it.")
    allowed_tools: list[str] = Field([], description="Empty: all of its tools.")
    require_approval: Literal["never", "always"] = Field(
        "never", description="`always` is refused by the kiosk: nobody is there to approve."
    )


class InterimResponseSettings(Section):
    """A short phrase while the answer takes long; cascaded models only."""

    type: Literal["static", "llm"] = Field("static", description="Fixed texts or made up.")
    texts: list[str] = Field([], description="Fixed texts, one is chosen.")
    model: str | None = Field(None, description="Model of the `llm` kind.")
    instructions: str | None = Field(None, description="How the `llm` kind should sound.")
    max_completion_tokens: int | None = Field(None, ge=1, description="Limit of the `llm` kind.")
    triggers: list[Literal["latency", "tool"]] = Field(
        ["latency", "tool"], description="What sets it off."
    )
    latency_threshold_ms: int = Field(2000, ge=0, description="How long is long, ms.")


class AgentSettings(Section):
    """A Foundry agent answers instead of a model; Entra ID only, never with a key."""

    name: str = Field(description="Agent name.")
    project: str = Field(description="Foundry project.")
    version: str | None = Field(None, description="Agent version; empty is the newest.")
    authentication_identity_client_id: str | None = Field(
        None, description="Managed identity the agent uses."
    )
    foundry_resource_override: str | None = Field(None, description="Resource of the project.")


class UpstreamSettings(Section):
    """Azure Voice Live, or the emulator: the same address setting reaches either."""

    endpoint: str | None = Field(
        None,
        description="Resource address, such as `https://NAME.services.ai.azure.com`. Also read "
        "from AZURE_VOICELIVE_ENDPOINT or AZURE_COGNITIVE_SERVICES_ENDPOINT.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="Resource key; empty: DefaultAzureCredential. Also read from "
        "AZURE_VOICELIVE_API_KEY or AZURE_COGNITIVE_SERVICES_KEY.",
    )
    api_version: str | None = Field(None, description="Empty: the SDK's own.")
    credential_scope: str | None = Field(
        None, description="Entra token scope; empty: the SDK's own."
    )
    model: str = Field("gpt-realtime", description="Model that answers; not used with an agent.")
    agent: AgentSettings | None = Field(None, description="Agent instead of a model.")
    voice: VoiceSettings = Field(
        default_factory=lambda: AzureStandardVoice(), description="The voice."
    )
    voices: dict[str, VoiceSettings] = Field(
        {},
        description='Voices of single languages, such as `ar = "ar-SA-ZariyahNeural"` or a table '
        "like `voice`; a language without one has `voice`.",
    )
    avatar: AvatarSettings = Field(default_factory=lambda: AvatarSettings(), description="Avatar.")
    turn_detection: TurnDetectionSettings = Field(
        default_factory=lambda: TurnDetectionSettings(), description="Turn detection."
    )
    hearing: HearingSettings = Field(
        default_factory=lambda: HearingSettings(), description="Input audio."
    )
    mcp_servers: list[McpServerSettings] = Field([], description="Tool servers.")
    interim_response: InterimResponseSettings | None = Field(None, description="Filler phrases.")
    tool_choice: Literal["auto", "none", "required"] = Field("auto", description="Use of tools.")
    parallel_tool_calls: bool = Field(True, description="Several calls in one answer.")
    temperature: float | None = Field(None, ge=0, le=1, description="Variation of answers.")
    max_response_tokens: int | None = Field(800, ge=1, description="Longest answer, tokens.")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="For reasoning models."
    )
    animation_outputs: list[Literal["blendshapes", "viseme_id"]] = Field(
        [], description="Animation data beside the audio."
    )
    animation_model: str | None = Field(None, description="Model of the animation data.")
    word_timestamps: bool = Field(False, description="Ask for word times (Azure voices).")
    include: list[
        Literal[
            "item.input_audio_transcription.logprobs",
            "item.input_audio_transcription.phrases",
            "file_search_call.results",
        ]
    ] = Field([], description="Extra data in events.")
    metadata: dict[str, str] = Field(
        {}, description="Up to 14 pairs for the resource's logs; kiosk and visit ids are added."
    )
    handshake_timeout_s: float = Field(10, gt=0, le=60, description="Longest handshake, s.")
    update_timeout_s: float = Field(10, gt=0, le=60, description="Longest wait for settings, s.")
    avatar_timeout_s: float = Field(20, gt=0, le=120, description="Longest wait for an answer, s.")
    heartbeat_s: float = Field(15, gt=1, le=300, description="Ping interval on the socket, s.")
    max_message_bytes: int = Field(4_194_304, ge=65_536, description="Largest event taken.")
    send_timeout_s: float = Field(5, gt=0, le=60, description="A send that takes longer is a loss.")
    reconnect_for_s: float = Field(45, ge=0, le=600, description="How long a lost line is sought.")

    @field_validator("voice", mode="before")
    @classmethod
    def _plain_voice(cls, value: object) -> object:
        # A name alone is a voice of the Azure catalogue, the usual case.
        if isinstance(value, dict) and "type" not in value:
            return {"type": "azure-standard", **value}
        return value

    @field_validator("voices", mode="before")
    @classmethod
    def _plain_voices(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for code in value:
            if not re.fullmatch(LANGUAGE_CODE, str(code)):
                raise ValueError(f"{code!r} is no language code; write `en` or `pt-BR`")
        named = {
            code: {"name": voice} if isinstance(voice, str) else voice
            for code, voice in value.items()
        }
        return {code: cls._plain_voice(voice) for code, voice in named.items()}

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is None:
            return None
        value = value.rstrip("/")
        scheme, _, rest = value.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if scheme not in {"https", "wss", "http", "ws"} or not host:
            raise ValueError("write it as https://NAME.services.ai.azure.com")
        if scheme in {"http", "ws"} and not _is_loopback(name):
            raise ValueError(
                "a plain-text address is for the emulator on this machine only, because the key "
                "would travel in clear; use https://"
            )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> UpstreamSettings:
        if self.agent is not None and self.api_key is not None:
            raise ValueError("an agent works with Entra ID only; remove api_key")
        if len(self.metadata) > 14:
            raise ValueError("metadata may have 14 pairs; two more are added by the kiosk")
        for key, value in self.metadata.items():
            if len(key) > 64 or len(value) > 512:
                raise ValueError("metadata keys have 64 characters at most, values 512")
        if any(server.require_approval == "always" for server in self.mcp_servers):
            raise ValueError(
                "mcp_servers: require_approval = 'always' would wait for ever, because nobody at "
                "a kiosk can approve; use 'never' and allowed_tools"
            )
        realtime = self.agent is None and "realtime" in self.model
        if self.interim_response is not None and realtime:
            raise ValueError("interim_response does not work with native realtime models")
        if self.turn_detection.end_of_utterance is not None and realtime:
            raise ValueError("turn_detection.end_of_utterance needs a cascaded model")
        if self.turn_detection.type == "semantic_vad" and not realtime:
            raise ValueError("turn_detection.type = 'semantic_vad' needs a gpt-realtime model")
        return self

    def speaking(self, language: str) -> UpstreamSettings:
        """Return the settings with the voice of a language: its own, its base's, or the usual."""
        base = language.partition("-")[0]
        voice = self.voices.get(language) or self.voices.get(base)
        return self if voice is None else self.model_copy(update={"voice": voice})

    @property
    def transcription_model(self) -> str:
        """The transcription model in use: the one set, or the one that fits the model."""
        if self.hearing.transcription_model is not None:
            return self.hearing.transcription_model
        native = self.agent is None and self.model.startswith("gpt-realtime")
        return "gpt-4o-transcribe" if native else "azure-speech"
