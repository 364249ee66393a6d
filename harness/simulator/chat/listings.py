"""The lists of models, as bodies: plain, with prices for language models, and for the model that draws.

It stands apart because a listing is a promise too: what it says of a model must be what the model is billed by.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from harness.simulator.chat.compose import fingerprint
from harness.simulator.chat.drawing import LONGEST_PROMPT
from harness.simulator.chat.refusal import unknown_model
from harness.simulator.profile import ModelBehaviour, Profile

OWNER: Final = "xai"
CENTS_PER_100M: Final = 100 * 100
"""Prices are whole US cents per hundred million tokens: two dollars a million are 20,000."""

Json = dict[str, Any]


class Listings:
    """What a profile lists; every method gives a new body."""

    def __init__(self, profile: Profile) -> None:
        """List this profile's models, without those that a deviation hides."""
        self._profile = profile

    def models(self) -> Json:
        """GET /v1/models."""
        return {"object": "list", "data": [_model(each) for each in self._listed()]}

    def model(self, name: str) -> Json:
        """GET /v1/models/{id}, by id or alias. Raises Refusal 404."""
        return _model(self._find(name))

    def language_models(self) -> Json:
        """GET /v1/language-models."""
        return {"models": [_language_model(each) for each in self._listed() if each.makes == "text"]}

    def language_model(self, name: str) -> Json:
        """GET /v1/language-models/{id}, by id or alias. Raises Refusal 404, also for a model that draws."""
        return _language_model(self._find(name, makes="text"))

    def image_models(self) -> Json:
        """GET /v1/image-generation-models."""
        return {"models": [_image_model(each) for each in self._listed() if each.makes == "image"]}

    def image_model(self, name: str) -> Json:
        """GET /v1/image-generation-models/{id}. Raises Refusal 404."""
        return _image_model(self._find(name, makes="image"))

    def _listed(self) -> Iterator[ModelBehaviour]:
        for model in self._profile.models.values():
            if not self._profile.deviations_for(model.id) & {"model-absent", "model-unlisted"}:
                yield model

    def _find(self, name: str, makes: str | None = None) -> ModelBehaviour:
        found = self._profile.find(name)
        if found is None or found not in self._listed() or (makes is not None and found.makes != makes):
            raise unknown_model(name)
        return found


def _model(model: ModelBehaviour) -> Json:
    return {"id": model.id, "created": model.released, "object": "model", "owned_by": OWNER}


def _described(model: ModelBehaviour) -> Json:
    return {
        "id": model.id,
        "fingerprint": fingerprint(model.id),
        "created": model.released,
        "object": "model",
        "owned_by": OWNER,
        "version": "1.0.0",
        "aliases": list(model.aliases),
    }


def _language_model(model: ModelBehaviour) -> Json:
    tariff = model.tariff
    cached = tariff.cached_input if tariff.cached_input is not None else tariff.input
    return _described(model) | {
        "input_modalities": ["text", "image"] if model.vision else ["text"],
        "output_modalities": ["text"],
        "prompt_text_token_price": _cents(tariff.input),
        "cached_prompt_text_token_price": _cents(cached if model.prompt_cache else Decimal(0)),
        "prompt_image_token_price": _cents(tariff.input if model.vision else Decimal(0)),
        "completion_text_token_price": _cents(tariff.output),
    }


def _image_model(model: ModelBehaviour) -> Json:
    return _described(model) | {
        "input_modalities": ["text"],
        "output_modalities": ["image"],
        "image_price": int((model.tariff.image or Decimal(0)) * 100),
        "max_prompt_length": LONGEST_PROMPT,
    }


def _cents(dollars_per_million: Decimal | None) -> int:
    return int((dollars_per_million or Decimal(0)) * CENTS_PER_100M)
