"""The contract of OpenAI-compatible servers, held against its own document and against the register of xAI."""

from importlib.resources import files

import pytest

from harness.catalogue import load_catalogues, load_register
from harness.catalogue.agreement import find_disagreements
from harness.catalogue.claims import find_documents
from harness.catalogue.matrices import build_matrices
from harness.catalogue.quotes import find_misquotes, read_documents

PROVIDER = load_catalogues().provider("openai-chat")
REGISTER = load_register(PROVIDER)
XAI = load_register(load_catalogues().provider("xai"))
MATRICES = {matrix.name: matrix for matrix in build_matrices(REGISTER, PROVIDER)}


def test_every_claim_quotes_the_document_that_ships_beside_it():
    documents = read_documents(REGISTER, find_documents(PROVIDER, REGISTER))

    assert list(find_misquotes(REGISTER, documents)) == []
    assert list(find_disagreements(PROVIDER, REGISTER)) == []


def test_every_numbered_line_of_the_contract_is_claimed():
    document = (files("harness.catalogue") / "registers/openai-chat/contract.md").read_text("utf-8").split("\n")
    cited = {int(line) for claim in REGISTER.claims for line in claim.provenance.lines.split(",")}

    promises = {number for number, line in enumerate(document, start=1) if line[:1].isdigit()}

    assert promises == cited


@pytest.mark.parametrize("kind", ["request_schema", "response_schema", "tool_schema"])
def test_what_xai_promises_alike_is_claimed_alike(kind):
    theirs = {claim.subject: claim.value for claim in reversed(XAI.claims) if claim.kind == kind}
    ours = {claim.subject: claim.value for claim in REGISTER.claims if claim.kind == kind}

    other = {subject.id for subject in ours.keys() & theirs.keys() if set(ours[subject]) - set(theirs[subject])}

    assert len(ours.keys() & theirs.keys()) >= len(ours) / 2
    assert other == set()


def test_a_promise_about_any_model_has_a_row_of_its_own():
    rows = [[cell.text for cell in row] for row in MATRICES["parameters"].rows]

    assert rows == [["any model", *["yes"] * 13]]
    assert [row[0].text for row in MATRICES["capabilities"].rows] == ["any model"]


def test_whatever_model_is_named_may_be_served_and_no_key_is_needed():
    model = PROVIDER.find_model("anything/at-all")

    assert (model.id, PROVIDER.key_variable, PROVIDER.find_tariff(model.id, "documented")) == (
        "anything/at-all",
        None,
        None,
    )


def test_documents_are_taken_from_where_they_are_given_and_else_from_beside_the_register(tmp_path):
    beside = find_documents(PROVIDER, REGISTER, given=tmp_path)
    (tmp_path / "contract.md").write_text("another reading")

    assert find_documents(PROVIDER, REGISTER, given=tmp_path) == tmp_path
    assert (beside / "contract.md").is_file()


def test_documents_that_do_not_ship_are_only_where_they_are_given(tmp_path):
    xai = load_catalogues().provider("xai")

    assert find_documents(xai, XAI) is None
    assert find_documents(xai, XAI, given=tmp_path) == tmp_path
