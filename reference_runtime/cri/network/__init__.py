"""The networks of sandboxes: a bridge and pairs of veth devices, or what CNI plugins make."""
