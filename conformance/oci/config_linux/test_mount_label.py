"""config-linux.md, Mount Label: the SELinux context of the container's mounts."""

from conformance import musts, proved_by
from conformance.checks.mounts import mount_at
from conformance.plugin.fixtures import Run
from strategies.edits import mount_label, tmpfs

LABEL = "system_u:object_r:container_file_t:s0:c1,c2"


@musts("mount-label", needs="security.selinux")
@proved_by("mount-label-ignored")
def test_mounts_have_the_label(run: Run) -> None:
    """A filesystem that is mounted for the container has the context of mountLabel, and none without it."""
    labelled = mount_at(run(mount_label(LABEL), tmpfs("/mnt")).mounts, "/mnt").super_options
    assert any(LABEL in option for option in labelled)
    assert not any("c1,c2" in option for option in mount_at(run(tmpfs("/mnt")).mounts, "/mnt").super_options)
