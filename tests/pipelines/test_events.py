import logging

from pipelines.events import Event


def test_an_event_reads_well_where_nobody_asked_for_json(caplog):
    with caplog.at_level(logging.INFO, logger="pipelines"):
        logging.getLogger("pipelines.anything").info(Event("fold finished", model="a", fold=2))
    assert caplog.messages == ["fold finished: model=a, fold=2"]
    assert str(Event("plan locked")) == "plan locked"


def test_facts_may_be_called_as_the_event_is():
    assert Event("extra begun", name="controls").facts == {"name": "controls"}
