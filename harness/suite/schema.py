"""JSON Schema of suite files, for editors and for people.

It stands apart because it joins the file format with the checks that are installed.
"""

from typing import Any


def suite_schema(check: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a suite file.

    check  JSON Schema of one check, self-contained, as the registry of checks gives it
    """
    from harness.suite.file_format import SuiteFile

    schema = SuiteFile.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    body = dict(check)
    definitions.update(body.pop("$defs", {}))
    definitions["check"] = body
    # The models speak of an expectation as any mapping; the checks that are installed say which.
    for definition in (definitions[name] for name in ("CaseItem", "TurnItem")):
        definition["properties"]["expect"]["items"] = {"$ref": "#/$defs/check"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of model-harness",
        **{key: value for key, value in schema.items() if key != "title"},
    }
