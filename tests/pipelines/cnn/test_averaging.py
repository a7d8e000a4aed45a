import torch
from torch import nn

from pipelines.cnn.averaging import WeightAverage


def network(value):
    made = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    with torch.no_grad():
        made[0].weight.fill_(value)
    return made


def test_follows_the_formula():
    live, expected = network(0.0), 0.0
    average = WeightAverage(live, decay=0.5)
    for step in range(1, 8):
        with torch.no_grad():
            live[0].weight.fill_(float(step))
        average.update(live)
        kept = min(0.5, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * step
    torch.testing.assert_close(average.network[0].weight, torch.full((1, 2), expected))


def test_without_decay_it_is_the_network():
    live = network(0.0)
    average = WeightAverage(live, decay=0.0)
    live.train()(torch.randn(5, 2))
    average.update(live)
    for key, value in live.state_dict().items():
        assert torch.equal(value, average.network.state_dict()[key])
    assert live[1].num_batches_tracked == 1


def test_is_a_copy_in_evaluation_mode():
    live = network(1.0).train()
    average = WeightAverage(live, decay=0.9)
    assert not average.network.training
    with torch.no_grad():
        live[0].weight.fill_(5.0)
    assert average.network[0].weight[0, 0] == 1


def test_takes_up_where_it_left_off():
    live = network(0.0)
    first = WeightAverage(live, decay=0.9)
    first.update(network(1.0))
    second = WeightAverage(network(7.0), decay=0.9)
    second.load_state_dict(first.state_dict())
    for average in (first, second):
        average.update(network(2.0))
    assert torch.equal(first.network[0].weight, second.network[0].weight)
    assert first.step == second.step == 2
