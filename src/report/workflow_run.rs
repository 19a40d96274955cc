//! A run on GitHub in words.

/// `run 123 on GitHub: promote to prod`, from its second attempt on with the number of that.
pub fn workflow_run(number: u64, attempt: u32, title: &str) -> String {
    let attempt = if attempt > 1 {
        format!(", attempt {attempt}")
    } else {
        String::new()
    };
    format!("run {number} on GitHub{attempt}: {title}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_further_attempt_is_named() {
        assert_eq!(workflow_run(7, 1, "Promote"), "run 7 on GitHub: Promote");
        assert_eq!(
            workflow_run(7, 2, "Promote"),
            "run 7 on GitHub, attempt 2: Promote"
        );
    }
}
