"""JSON Schemas of the files that this package reads.

It stands apart so that the two loaders describe their files alike.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def titled_schema(model: "type[BaseModel]", title: str) -> dict[str, Any]:
    """JSON Schema of a file, with a title for people in place of the model's name."""
    schema = model.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **{key: value for key, value in schema.items() if key != "title"},
    }
