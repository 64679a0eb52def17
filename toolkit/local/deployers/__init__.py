"""Who deploys: the offline engine or the Pulumi CLI, both through the same provider."""
