import pytest
from simulator_client import MODEL, bearer

PATHS = ["/api-keys", "/models", "/endpoints"]


def create(client, **fields):
    return client.manage("POST", "/api-keys", json={"name": "ci", **fields})


def test_a_key_works_from_the_moment_it_is_made_until_it_is_revoked(shared):
    made = create(shared).json()
    assert shared.chat(key=made["apiKey"]).status_code == 200

    revoked = shared.manage("DELETE", f"/api-keys/{made['apiKeyId']}")

    assert revoked.status_code == 200
    assert shared.chat(key=made["apiKey"]).status_code == 400
    assert shared.manage("DELETE", f"/api-keys/{made['apiKeyId']}").status_code == 404


def test_keys_are_listed_without_their_secrets(shared):
    made = create(shared, name="listed").json()

    listing = shared.manage("GET", "/api-keys")

    assert made["apiKey"] not in listing.text
    assert {key["name"] for key in listing.json()["apiKeys"]} >= {"default", "listed"}


def test_a_key_may_be_confined_to_models_and_endpoints(shared):
    confined = create(shared, acls=[f"api-key:model:{MODEL}", "api-key:endpoint:chat"]).json()["apiKey"]

    assert shared.chat(key=confined).status_code == 200
    assert shared.chat(key=confined, model="grok-3").status_code == 403
    assert shared.get("/v1/models", headers=bearer(confined)).status_code == 403


@pytest.mark.parametrize("model", ["grok-4", "grok-4-0709"])
def test_a_key_confined_to_an_alias_may_use_its_model_under_each_name(shared, model):
    confined = create(shared, acls=["api-key:model:grok-4", "api-key:endpoint:*"]).json()["apiKey"]

    assert shared.chat(key=confined, model=model).status_code == 200


def test_a_key_confined_to_a_model_may_not_tokenize_with_another(shared):
    confined = bearer(create(shared, acls=["api-key:model:grok-3", "api-key:endpoint:*"]).json()["apiKey"])

    def status(model):
        return shared.post("/v1/tokenize-text", json={"model": model, "text": "a"}, headers=confined).status_code

    assert status("grok-3") == 200
    assert status("grok-4") == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 422),
        ({}, 422),
        ({"name": 1}, 422),
        ({"name": " "}, 400),
        ({"name": "n" * 201}, 400),
        ({"name": "n", "acls": "all"}, 422),
        ({"name": "n", "acls": [1]}, 422),
        ({"name": "n", "acls": ["everything"]}, 400),
    ],
)
def test_a_key_that_is_asked_for_wrongly_is_not_made(shared, body, status):
    before = shared.manage("GET", "/api-keys").json()

    assert shared.manage("POST", "/api-keys", json=body).status_code == status
    assert shared.manage("GET", "/api-keys").json() == before


@pytest.mark.parametrize("path", PATHS)
def test_management_takes_its_own_key_for_its_own_team_only(shared, path):
    def status(key, team="sim-team"):
        return shared.get(f"/auth/teams/{team}{path}", headers=key).status_code

    assert status(bearer("sim-management-key")) == 200
    assert status(bearer("sim-key")) == 403
    assert status(bearer("nobody's-key")) == 401
    assert status({"Authorization": ""}) == 401
    assert status(bearer("sim-management-key"), team="another") == 403


def test_the_management_key_does_not_work_for_inference(shared):
    assert shared.chat(key="sim-management-key").status_code == 403


def test_a_management_key_can_be_validated(shared):
    path = "/auth/management-keys/validation"

    assert shared.get(path, headers=bearer("sim-management-key")).json()["teamId"] == "sim-team"
    assert shared.get(path).status_code == 403


def test_models_and_endpoints_are_named_as_permissions_name_them(shared):
    models = shared.manage("GET", "/models").json()["models"]
    endpoints = shared.manage("GET", "/endpoints").json()["endpoints"]

    made = create(shared, acls=[each["acl"] for each in models + endpoints]).json()

    assert shared.chat(key=made["apiKey"]).status_code == 200
    assert len(models) == 10


def test_as_observed_a_key_is_revoked_without_naming_the_team(serve):
    client = serve("observed")
    made = create(client).json()

    assert client.manage("DELETE", f"/api-keys/{made['apiKeyId']}").status_code == 404
    revoked = client.delete(f"/auth/api-keys/{made['apiKeyId']}", headers=bearer("sim-management-key"))
    assert revoked.status_code == 200
    assert client.chat(key=made["apiKey"]).status_code == 400
