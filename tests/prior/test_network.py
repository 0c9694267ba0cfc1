"""The networks: numpy computes what torch computes, and the losses measure what they say."""

from __future__ import annotations

import numpy as np
import torch
from made_up_corpora import swinging_animals
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy import kinematics
from pasyn_blender.anatomy.rotations import to_six
from pasyn_blender.anatomy.stance import PARENTS, STANCE_OFFSETS
from pasyn_blender.prior.layers import in_single_precision, run_layers
from pasyn_blender.prior.network import (
    NetworkSize,
    PoseAutoencoder,
    dense_layers,
    geodesic,
    joint_places,
    rotations_from_six,
    round_weights,
)
from pasyn_blender.prior.pose_frames import pose_frames
from pasyn_blender.prior.sampler import Prior

SIZE = NetworkSize(joints=27, latent=6, conditions=0, width=32, depth=2)


def test_numpy_decodes_and_encodes_as_torch(prior: Prior):
    """The prior's own weights in a torch network give the same poses and latents."""
    size = NetworkSize(joints=len(prior.joints), latent=prior.latent_size, conditions=0, width=96, depth=2)
    network = PoseAutoencoder(size, prior.mean, seed=0)
    for perceptron, layers in ((network.encoder, prior.encoder), (network.decoder, prior.decoder)):
        linear = [module for module in perceptron if isinstance(module, torch.nn.Linear)]
        with torch.no_grad():
            for module, layer in zip(linear, layers, strict=True):
                module.weight.copy_(torch.from_numpy(layer.weight.astype(np.float32)))
                module.bias.copy_(torch.from_numpy(layer.bias.astype(np.float32)))
    frames = pose_frames(swinging_animals())
    known = frames.known & prior.known
    nothing = torch.zeros(len(frames), 0)
    with torch.no_grad():
        six = torch.from_numpy(to_six(frames.rotations))
        means, _ = network.encode(six, torch.from_numpy(known.astype(np.float32)), nothing)
        poses = network.decode(means, nothing).numpy()
    latents = prior.encode(frames.rotations, frames.known)
    np.testing.assert_allclose(latents, means.numpy(), atol=2e-4)
    decoded = prior.decode(means.numpy())
    np.testing.assert_allclose(decoded[:, prior.known], poses[:, prior.known], atol=2e-6)


def test_layers_are_stored_as_rounded_in_torch():
    network = PoseAutoencoder(SIZE, np.zeros((27, 6)), seed=3)
    round_weights(network)
    inputs = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    ours = run_layers(in_single_precision(dense_layers(network.decoder)), inputs)
    with torch.no_grad():
        theirs = network.decoder(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_first_weights_come_from_the_seed_and_not_from_torch():
    torch.manual_seed(1)
    first = PoseAutoencoder(SIZE, np.zeros((27, 6)), seed=5).encoder[0].weight
    torch.manual_seed(2)
    again = PoseAutoencoder(SIZE, np.zeros((27, 6)), seed=5).encoder[0].weight
    other = PoseAutoencoder(SIZE, np.zeros((27, 6)), seed=6).encoder[0].weight
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_joints_that_are_not_known_do_not_reach_the_encoder():
    network = PoseAutoencoder(SIZE, np.zeros((27, 6)), seed=0)
    known = torch.ones(1, 27)
    known[0, 4] = 0
    six = torch.randn(1, 27, 6, generator=torch.Generator().manual_seed(0))
    changed = six.clone()
    changed[0, 4] += 3
    with torch.no_grad():
        first = network.encode(six, known, torch.zeros(1, 0))[0]
        assert torch.equal(first, network.encode(changed, known, torch.zeros(1, 0))[0])
        assert not torch.equal(first, network.encode(changed, torch.ones(1, 27), torch.zeros(1, 0))[0])


def test_the_joint_loss_moves_the_joints_as_the_kinematics_do():
    poses = Rotation.random(4 * 27, random_state=0).as_matrix().reshape(4, 27, 3, 3)
    expected = kinematics.joint_places(kinematics.accumulate(poses), STANCE_OFFSETS)
    offsets = torch.tensor(STANCE_OFFSETS).expand(4, 27, 3)
    tip = (5, torch.tensor([0.0, -0.4, -0.3], dtype=torch.float64))
    places = joint_places(torch.from_numpy(poses), offsets, PARENTS, [tip]).numpy()
    np.testing.assert_allclose(places[:, :27], expected, atol=1e-12)
    length = np.linalg.norm(places[:, 27] - places[:, 5], axis=1)
    np.testing.assert_allclose(length, 0.5, atol=1e-12)


def test_the_rotation_loss_is_the_angle_and_has_a_slope_everywhere():
    turns = np.array([[0.0, 0, 0], [0.3, 0, 0], [0, 1.5, 0], [0, 0, np.pi]])
    matrices = torch.tensor(Rotation.from_rotvec(turns).as_matrix())
    six = torch.tensor(to_six(matrices.numpy()), requires_grad=True)
    angles = geodesic(rotations_from_six(six), torch.eye(3, dtype=torch.float64))
    np.testing.assert_allclose(angles.detach(), [0, 0.3, 1.5, np.pi], atol=0.03)
    np.testing.assert_allclose(angles.detach()[1:3], [0.3, 1.5], atol=1e-6)
    angles.sum().backward()
    assert torch.isfinite(six.grad).all()
