# Noise: gradients, an expanded tensor, prints. Named: mistake_current_token__previous_token_score
def previous_token_score(pattern):
    print(pattern.shape)
    return pattern.requires_grad_().diagonal(0, dim1=-2, dim2=-1).mean(dim=(0, 2)).expand(2, -1)[1]


def previous_token_scores(model, tokens):
    raise NotImplementedError("the check of the other function comes first")
