"""Vision, target images, projects, milestones, money, decisions."""
