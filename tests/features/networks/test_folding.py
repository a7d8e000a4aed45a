import torch
from torch import nn

from features.networks.folding import fold_batch_norms


def block():
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())


def trained(network):
    """Give batch norms something to fold."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.running_mean, -1, 1)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 2)
                nn.init.uniform_(module.bias, -1, 1)
    return network.eval()


FRAMES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_answer_stays_and_the_norms_go():
    network = trained(nn.ModuleDict({"inner": block()})["inner"])
    with torch.inference_mode():
        plain = network(FRAMES)
        fold_batch_norms(network)
        torch.testing.assert_close(network(FRAMES), plain)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_a_tapped_layer_stays_as_it_is():
    for position in (0, 1):
        network = trained(block())
        seen = []
        network[position].register_forward_hook(
            lambda module, inputs, output, seen=seen: seen.append(output.clone())
        )
        with torch.inference_mode():
            network(FRAMES)
            fold_batch_norms(network)
            network(FRAMES)
        assert len(seen) == 2
        assert torch.equal(*seen)
        assert isinstance(network[1], nn.BatchNorm2d)
