//! What git says when it fails, harmless to a terminal and without secrets.

use crate::domain::clean_line;

/// Advice that git gives with every failure of ssh; ours stands in the hint.
const ADVICE: [&str; 5] = [
    "warning: ",
    "hint: ",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "Could not read from remote repository.",
];

/// git's complaint, without the credentials that an address may carry. What stands before the last line is often the real
/// reason: what ssh or the remote has to say.
pub(super) fn words(err: &str) -> String {
    let complaints: Vec<_> = err
        .lines()
        .map(|line| {
            ["fatal: ", "error: ", "remote: "]
                .iter()
                .find_map(|prefix| line.strip_prefix(prefix))
                .unwrap_or(line)
        })
        .map(|line| clean_line(line).trim().to_owned())
        .filter(|line| !line.is_empty() && !ADVICE.iter().any(|advice| line.starts_with(advice)))
        .collect();
    if complaints.is_empty() {
        return "git gave no reason".to_owned();
    }
    without_secrets(&complaints.join("; "))
        .chars()
        .take(400)
        .collect()
}

/// What a hook or a rule of the remote said, else the reason in git's own line.
pub(super) fn words_of_remote(err: &str, refused: &str) -> String {
    let said: Vec<_> = err
        .lines()
        .filter_map(|line| line.strip_prefix("remote: "))
        .map(|line| line.strip_prefix("error: ").unwrap_or(line))
        .map(|line| clean_line(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if !said.is_empty() {
        return without_secrets(&said.join(" ")).chars().take(400).collect();
    }
    let reason = refused.rsplit_once('\t').map_or(refused, |(_, reason)| reason);
    without_secrets(&clean_line(reason))
}

/// `https://user:secret@host` without the part that nobody may see; a secret may hold an `@` itself.
fn without_secrets(text: &str) -> String {
    text.split(' ')
        .map(|word| {
            let Some((scheme, rest)) = word.split_once("://") else {
                return word.to_owned();
            };
            format!(
                "{scheme}://{}",
                rest.rsplit_once('@').map_or(rest, |(_, host)| host)
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_told() {
        let err = "fatal: unable to access 'https://ana:hunter2@git.example.com/x/': nope";
        assert_eq!(words(err), "unable to access 'https://git.example.com/x/': nope");
        assert_eq!(without_secrets("https://ana:p@/ss@h/a"), "https://h/a");
        assert_eq!(
            without_secrets("ssh://git@h:22/x git@h:x"),
            "ssh://h:22/x git@h:x"
        );
    }

    #[test]
    fn the_reason_is_told_and_the_advice_that_comes_with_it_is_not() {
        let err = "git@example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\n\
                   Please make sure you have the correct access rights\nand the repository exists.\n";
        assert_eq!(words(err), "git@example.com: Permission denied (publickey).");
        let err = "remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/x/'\n";
        assert_eq!(
            words(err),
            "Invalid username or token.; Authentication failed for 'https://h/x/'"
        );
        assert_eq!(words(""), "git gave no reason");
    }

    #[test]
    fn the_words_of_a_hook_are_passed_on() {
        let err = "remote: branches are closed        \nremote: ask Ana\nTo /x\nerror: failed to push";
        assert_eq!(
            words_of_remote(err, "!\ta:b\t[remote rejected]"),
            "branches are closed ask Ana"
        );
        assert_eq!(
            words_of_remote("", "!\ta:b\t[remote rejected] (x)"),
            "[remote rejected] (x)"
        );
    }
}
