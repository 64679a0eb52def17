"""Roles, policies and their attachments."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request


class Role(Emulator):
    """`aws:iam/role:Role`; its id is the role's name."""

    type: ClassVar[str] = "aws:iam/role:Role"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "path"})

    def create(self, inputs: Properties) -> Created:
        iam = self.backends.boto("iam")
        arguments = request(
            iam,
            "CreateRole",
            inputs,
            rename={
                "name": "RoleName",
                "assumeRolePolicy": "AssumeRolePolicyDocument",
                "permissionsBoundary": "PermissionsBoundary",
            },
        )
        role = iam.create_role(**arguments)["Role"]
        for arn in inputs.get("managedPolicyArns") or ():
            iam.attach_role_policy(RoleName=inputs["name"], PolicyArn=arn)
        for policy in inputs.get("inlinePolicies") or ():
            iam.put_role_policy(RoleName=inputs["name"], PolicyName=policy["name"], PolicyDocument=policy["policy"])
        return Created(id=inputs["name"], outputs={"arn": role["Arn"], "uniqueId": role["RoleId"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("iam").get_role(RoleName=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        iam = self.backends.boto("iam")
        iam.update_assume_role_policy(RoleName=id, PolicyDocument=inputs["assumeRolePolicy"])
        iam.update_role(RoleName=id, Description=inputs.get("description", ""))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        iam = self.backends.boto("iam")
        for policy in iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=id, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=id)["PolicyNames"]:
            iam.delete_role_policy(RoleName=id, PolicyName=name)
        iam.delete_role(RoleName=id)


class Policy(Emulator):
    """`aws:iam/policy:Policy`; its id is the policy's ARN."""

    type: ClassVar[str] = "aws:iam/policy:Policy"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "path", "description"})

    def create(self, inputs: Properties) -> Created:
        iam = self.backends.boto("iam")
        arguments = request(iam, "CreatePolicy", inputs, rename={"name": "PolicyName", "policy": "PolicyDocument"})
        policy = iam.create_policy(**arguments)["Policy"]
        return Created(id=policy["Arn"], outputs={"arn": policy["Arn"], "policyId": policy["PolicyId"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("iam").get_policy(PolicyArn=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        iam = self.backends.boto("iam")
        for version in iam.list_policy_versions(PolicyArn=id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
        iam.create_policy_version(PolicyArn=id, PolicyDocument=inputs["policy"], SetAsDefault=True)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        iam = self.backends.boto("iam")
        for version in iam.list_policy_versions(PolicyArn=id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=id)


class RolePolicy(Emulator):
    """`aws:iam/rolePolicy:RolePolicy`: an inline policy; its id is `<role>:<policy>`."""

    type: ClassVar[str] = "aws:iam/rolePolicy:RolePolicy"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "role"})

    def create(self, inputs: Properties) -> Created:
        self._put(inputs["role"], inputs["name"], inputs["policy"])
        return Created(id=f"{inputs['role']}:{inputs['name']}")

    def exists(self, id: str, outputs: Properties) -> bool:
        role, name = id.split(":", 1)
        self.backends.boto("iam").get_role_policy(RoleName=role, PolicyName=name)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._put(inputs["role"], inputs["name"], inputs["policy"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        role, name = id.split(":", 1)
        self.backends.boto("iam").delete_role_policy(RoleName=role, PolicyName=name)

    def _put(self, role: str, name: str, policy: str) -> None:
        self.backends.boto("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


class RolePolicyAttachment(Emulator):
    """`aws:iam/rolePolicyAttachment:RolePolicyAttachment`; its id is `<role>/<policy arn>`."""

    type: ClassVar[str] = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    replace_on: ClassVar[frozenset[str]] = frozenset({"role", "policyArn"})

    def create(self, inputs: Properties) -> Created:
        self.backends.boto("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return Created(id=f"{inputs['role']}/{inputs['policyArn']}")

    def exists(self, id: str, outputs: Properties) -> bool:
        role, arn = id.split("/", 1)
        attached = self.backends.boto("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return any(policy["PolicyArn"] == arn for policy in attached)

    def delete(self, id: str, outputs: Properties) -> None:
        role, arn = id.split("/", 1)
        self.backends.boto("iam").detach_role_policy(RoleName=role, PolicyArn=arn)
