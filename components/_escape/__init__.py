"""Resources for which a cloud's Pulumi SDK has no class, and how they are made nevertheless: here and nowhere else."""
