//! What a key file is, in words, where it is not the one that is wanted.

/// The line that a PEM file begins with, without its dashes.
fn label(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    Some(rest.split_once("-----")?.0)
}

/// Whether a PEM file ends before its end.
fn is_cut_off(text: &str) -> bool {
    label(text).is_some_and(|label| !text.contains(&format!("-----END {label}-----")))
}

/// Why `bytes` cannot be a public key, and how to make one of them; none where they look like one.
pub(super) fn why_no_public_key(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let why = match label(text) {
        _ if text.is_empty() => "the file is empty",
        Some(_) if is_cut_off(text) => "it is truncated: its last line is missing",
        Some("PUBLIC KEY") => return None,
        Some("CERTIFICATE" | "TRUSTED CERTIFICATE") => {
            "it is a certificate; extract its public key with `openssl x509 -in FILE -pubkey -noout`"
        }
        Some("RSA PUBLIC KEY") => {
            "it is a PKCS#1 RSA key; convert it with `openssl rsa -RSAPublicKey_in -in FILE -pubout`"
        }
        Some("SSH2 PUBLIC KEY") => {
            "it is an SSH public key; convert it with `ssh-keygen -i -f FILE | ssh-keygen -e -m PKCS8 -f \
             /dev/stdin`"
        }
        Some("ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY") => {
            "it is the private key; use the public key beside it (`cosign.pub`), or write it again with \
             `cosign public-key --key FILE`"
        }
        Some(label) if label.ends_with("PRIVATE KEY") => {
            "it is a private key; extract the public key with `openssl pkey -in FILE -pubout`"
        }
        Some(_) => "it is PEM, but not a public key",
        None if is_ssh(text) => {
            "it is an OpenSSH public key; convert it with `ssh-keygen -e -m PKCS8 -f FILE` if it is RSA or ECDSA"
        }
        // DER begins with a sequence.
        None if bytes.first() == Some(&0x30) => {
            "it is in DER format; convert it with `openssl pkey -pubin -inform DER -in FILE`"
        }
        None => "it is not a PEM file: it lacks the line `-----BEGIN PUBLIC KEY-----`",
    };
    Some(why.to_owned())
}

/// Why `bytes` cannot be a private key in cosign's form; none where they look like one.
pub fn why_no_private_key(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.as_ref();
    let why = match label(text) {
        _ if text.trim().is_empty() => "the file is empty",
        Some(_) if is_cut_off(text) => "it is truncated: its last line is missing",
        Some("ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY") => return None,
        Some(label) if label.ends_with("PUBLIC KEY") => {
            "it is a public key; signing requires the private key"
        }
        Some(label) if label.ends_with("PRIVATE KEY") => {
            "it is a private key, but not in cosign's encrypted format; convert it with `cosign \
             import-key-pair --key FILE`"
        }
        _ => "it is not in cosign's encrypted format",
    };
    Some(why.to_owned())
}

fn is_ssh(text: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str) -> String {
        format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
    }

    #[test]
    fn each_kind_of_file_that_is_no_public_key_is_named_with_what_converts_it() {
        for (file, word) in [
            (pem("CERTIFICATE"), "openssl x509"),
            (pem("RSA PUBLIC KEY"), "PKCS#1"),
            (pem("ENCRYPTED SIGSTORE PRIVATE KEY"), "cosign.pub"),
            (pem("PRIVATE KEY"), "openssl pkey"),
            (pem("OPENSSH PRIVATE KEY"), "private key"),
            ("ssh-ed25519 AAAA ana@host\n".to_owned(), "OpenSSH"),
            ("ecdsa-sha2-nistp256 AAAA\n".to_owned(), "ssh-keygen -e"),
            ("-----BEGIN PUBLIC KEY-----\nMFkw".to_owned(), "truncated"),
            ("0\u{59}rest".to_owned(), "DER"),
            (" \n".to_owned(), "empty"),
            ("hello".to_owned(), "not a PEM file"),
        ] {
            let why = why_no_public_key(file.as_bytes()).unwrap();
            assert!(why.contains(word), "{file}: {why}");
        }
        assert_eq!(why_no_public_key(pem("PUBLIC KEY").as_bytes()), None);
    }

    #[test]
    fn each_kind_of_file_that_is_no_private_key_is_named() {
        for (file, word) in [
            (pem("PUBLIC KEY"), "public key"),
            (pem("EC PRIVATE KEY"), "import-key-pair"),
            (
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAA".to_owned(),
                "truncated",
            ),
        ] {
            let why = why_no_private_key(file.as_bytes()).unwrap();
            assert!(why.contains(word), "{file}: {why}");
        }
        assert_eq!(
            why_no_private_key(pem("ENCRYPTED COSIGN PRIVATE KEY").as_bytes()),
            None
        );
    }
}
