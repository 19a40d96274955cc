//! What of a list is in sight.

/// The first row on the screen, of `all` rows of which `height` fit, so that `selected` is seen and no row is left empty
/// that could show one; `top` stays where it can.
pub fn first_in_sight(top: usize, selected: usize, height: usize, all: usize) -> usize {
    let height = height.max(1);
    let top = top.clamp((selected + 1).saturating_sub(height), selected);
    top.min(all.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::first_in_sight;

    #[test]
    fn it_moves_only_as_far_as_it_must() {
        assert_eq!(first_in_sight(3, 5, 4, 20), 3, "in sight already");
        assert_eq!(first_in_sight(3, 9, 4, 20), 6, "below");
        assert_eq!(first_in_sight(3, 1, 4, 20), 1, "above");
        assert_eq!(first_in_sight(18, 19, 4, 20), 16, "the last rows fill the screen");
        assert_eq!(first_in_sight(0, 0, 0, 0), 0, "nothing, nowhere");
    }
}
