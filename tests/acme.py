"""A vendor of the tests' own, with two APIs, a list of models and an alias.

It stands apart so that tests of plain requests and of absent models describe it once.
"""

CATALOGUE = """
provider: acme
base_url: https://api.acme.example/v1
dialect: openai-chat
dialects: [anthropic-messages]
hosts: [api.acme.example, manage.acme.example]
key_variable: ACME_KEY
model_list: /models
management: {base_url: "https://manage.acme.example", key_variable: ACME_MANAGEMENT_KEY, team_variable: ACME_TEAM}
models:
  - {id: one, aliases: [one-latest]}
  - {id: two}
"""


def listing(*rows):
    """The body of GET /models."""
    return {"object": "list", "data": [row if isinstance(row, dict) else {"id": row} for row in rows]}
