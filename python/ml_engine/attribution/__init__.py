"""What a model's output owes to each raw column: Shapley values, permutation loss, effect curves, counterfactuals."""
