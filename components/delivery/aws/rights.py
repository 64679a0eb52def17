"""What the pipeline may do on AWS, as plain data."""

from __future__ import annotations

from typing import Final

READS: Final = (
    "acm:DescribeCertificate",
    "acm:ListTagsForCertificate",
    "aoss:BatchGet*",
    "aoss:Get*",
    "aoss:List*",
    "apigateway:GET",
    "application-autoscaling:Describe*",
    "application-autoscaling:ListTagsForResource",
    "budgets:ViewBudget",
    "cloudformation:GetResource",
    "cloudfront:Describe*",
    "cloudfront:Get*",
    "cloudfront:List*",
    "cloudwatch:Describe*",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListTagsForResource",
    "cognito-idp:Describe*",
    "cognito-idp:GetUserPoolMfaConfig",
    "cognito-idp:ListTagsForResource",
    "dynamodb:Describe*",
    "dynamodb:ListTagsOfResource",
    "ec2:Describe*",
    "ec2:GetEbsEncryptionByDefault",
    "ecr:Describe*",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListTagsForResource",
    "ecs:Describe*",
    "ecs:ListAccountSettings",
    "ecs:ListTagsForResource",
    "elasticache:Describe*",
    "elasticache:ListTagsForResource",
    "elasticloadbalancing:Describe*",
    "es:Describe*",
    "es:ListTags",
    "events:DescribeRule",
    "iam:Get*",
    "iam:List*",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListResourceTags",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunction*",
    "lambda:GetPolicy",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "logs:Describe*",
    "logs:ListTagsForResource",
    "personalize:Describe*",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "sagemaker:Describe*",
    "sagemaker:ListTags",
    "scheduler:Get*",
    "scheduler:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:GetResourcePolicy",
    "ses:GetConfigurationSet*",
    "ses:GetEmailIdentity",
    "shield:DescribeProtection",
    "shield:ListTagsForResource",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
    "states:Describe*",
    "states:ListTagsForResource",
    "tag:GetResources",
    "wafv2:Get*",
    "wafv2:ListTagsForResource",
    "xray:GetSamplingRules",
)
"""Descriptions, which a preview compares with. No data: no secret, object, item, message or log line."""

DATA: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQL*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "lambda:InvokeFunction",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:StartQuery",
    "rds-db:connect",
    "s3:GetObject*",
    "secretsmanager:BatchGetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetParameter*",
)
"""Refused to pull requests by name, whatever another policy allows."""

READ_BY_THE_PROGRAM: Final = "edge-key"
"""The one secret whose values the program itself reads: it declares what a rotation has made of them, in a preview too.
It opens nothing: with it a request to the API is taken for one that has passed the firewall."""

DEPLOYS: Final = (
    "acm:*",
    "aoss:*",
    "apigateway:*",
    "application-autoscaling:*",
    "budgets:*",
    "cloudformation:*Resource*",
    "cloudfront:*",
    "cloudwatch:*",
    "cognito-idp:*",
    "dynamodb:*",
    "ec2:*",
    "ecs:*",
    "elasticache:*",
    "elasticloadbalancing:*",
    "es:*",
    "events:*",
    "kms:*",
    "lambda:*",
    "logs:*",
    "personalize:*",
    "rds:*",
    "s3:*",
    "sagemaker:*",
    "scheduler:*",
    "secretsmanager:*",
    "ses:*",
    "shield:*Protection",
    "shield:*Resource*",
    "sns:*",
    "sqs:*",
    "states:*",
    "sts:GetCallerIdentity",
    "tag:*",
    "wafv2:*",
    "xray:*",
)
"""The services that an environment is made of. IAM is not among them: see the package."""

GLOBAL: Final = ("budgets:*", "cloudfront:*", "iam:*", "sts:*", "wafv2:*")
"""Services that answer in another region than the stack's."""

ROLES: Final = (
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
"""Only with the boundary of workloads on the role."""

ROLE_KEEPING: Final = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)

LINKED: Final = (
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "email.cognito-idp.amazonaws.com",
    "observability.aoss.amazonaws.com",
    "ops.apigateway.amazonaws.com",
    "opensearchservice.amazonaws.com",
    "rds.amazonaws.com",
    "wafv2.amazonaws.com",
)
"""Services that work under a role of their own in the account, which the first deployment makes. AWS decides what these
roles may do: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html"""

PASSED_TO: Final = (
    "ecs-tasks.amazonaws.com",
    "lambda.amazonaws.com",
    "sagemaker.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that the stack hands a role to."""

PUSHES: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

NEVER_OF_A_WORKLOAD: Final = ("account:*", "iam:*", "organizations:*", "sts:AssumeRole")
"""No workload manages who may do what, or becomes somebody else."""
