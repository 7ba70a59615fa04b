"""Managed prefix lists for moto 5.2.5, which ignores unknown ids and never changes a list's maximum.

- DescribeManagedPrefixLists with an unknown id: InvalidPrefixListID.NotFound, as terraform's AWS provider expects.
- ModifyManagedPrefixList changes the maximum of entries.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyManagedPrefixList.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def know_and_resize_lists(backend_class: Any) -> None:
    """Patch moto."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.responses.vpcs import VPCs

    plain_describe: Callable[..., Any] = backend_class.describe_managed_prefix_lists
    plain_modify: Callable[[Any], Any] = VPCs.modify_managed_prefix_list

    def check(backend: Any, name: str) -> None:
        if name not in backend.managed_prefix_lists:
            raise EC2ClientError("InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist")

    def describe(self: Any, prefix_list_ids: list[str] | None = None, filters: Any = None) -> Any:
        for name in prefix_list_ids or ():
            check(self, name)
        return plain_describe(self, prefix_list_ids=prefix_list_ids, filters=filters)

    def modify(self: Any) -> Any:
        name, entries = self._get_param("PrefixListId"), self._get_param("MaxEntries")
        check(self.ec2_backend, name)
        found = self.ec2_backend.managed_prefix_lists[name]
        known_as = found.prefix_list_name
        answer = plain_modify(self)
        found.prefix_list_name = found.prefix_list_name or known_as  # moto forgets the name where none is given
        found.max_entries = found.max_entries if entries is None else int(entries)
        return answer

    backend_class.describe_managed_prefix_lists = describe
    VPCs.modify_managed_prefix_list = modify  # type: ignore[method-assign]
