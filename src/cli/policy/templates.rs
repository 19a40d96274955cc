//! The templates of policies, filled in.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment as Templates, context};

use super::kind::PolicyKind;
use crate::cli::failure::Failure;
use crate::domain::{SignatureForms, SignerIdentity};

/// The name of the file with the trusted root.
const TRUSTED_ROOT: &str = "trusted_root.json";

/// What the policies say.
pub(super) struct Facts {
    pub(super) environment: String,
    /// Where the images of each service are.
    pub(super) repositories: Vec<String>,
    /// Whose signatures count.
    pub(super) signer: PolicySigner,
    /// In which forms signatures are left.
    pub(super) forms: SignatureForms,
}

/// Whose signatures a policy counts.
pub(super) enum PolicySigner {
    /// The owner of this public key, in PEM.
    Key(String),
    /// An identity.
    Identity {
        /// Who.
        identity: SignerIdentity,
        /// The trusted root, in JSON; none for that of the public Sigstore, which verifiers know.
        root: Option<String>,
        /// Whether the root names a log that signatures have to be in.
        has_log: bool,
        /// Whether the root names a log that certificates have to be in.
        has_certificate_log: bool,
    },
}

/// A file of a policy.
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// All files of the policy for a verifier.
pub(super) fn files(kind: PolicyKind, facts: &Facts) -> Result<Vec<File>, Failure> {
    let templates = Filled::new(facts).map_err(|error| internal(&error))?;
    let files = match kind {
        PolicyKind::Kyverno => vec![templates.file("kyverno.yml", "kyverno.yml")],
        PolicyKind::PolicyController => {
            vec![templates.file("policy-controller.yml", "policy-controller.yml")]
        }
        PolicyKind::Podman => vec![
            templates.file("policy.json", "policy.json"),
            templates.file("registries.yml", "windlass.yaml"),
            Ok(templates.proof()),
        ],
        PolicyKind::Cosign => vec![
            templates.file("promotion.rego", "promotion.rego"),
            templates.file("verify.sh", "verify.sh"),
            Ok(templates.proof()),
        ],
    };
    let files: Result<Vec<Option<File>>, _> = files.into_iter().collect();
    let files = files.map_err(|error| internal(&error))?;
    Ok(files.into_iter().flatten().collect())
}

/// The templates, with what they are filled with.
struct Filled<'f> {
    templates: Templates<'static>,
    facts: &'f Facts,
}

impl<'f> Filled<'f> {
    fn new(facts: &'f Facts) -> Result<Self, minijinja::Error> {
        let mut templates = Templates::new();
        templates.set_syntax(
            SyntaxConfig::builder()
                .block_delimiters("<%", "%>")
                .variable_delimiters("<<", ">>")
                .comment_delimiters("<#", "#>")
                .keep_trailing_newline(true)
                .build()?,
        );
        templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        for (name, text) in [
            (
                "kyverno.yml",
                include_str!("../../../assets/policies/kyverno.yml"),
            ),
            (
                "policy-controller.yml",
                include_str!("../../../assets/policies/policy-controller.yml"),
            ),
            (
                "policy.json",
                include_str!("../../../assets/policies/policy.json"),
            ),
            (
                "registries.yml",
                include_str!("../../../assets/policies/registries.yml"),
            ),
            (
                "promotion.rego",
                include_str!("../../../assets/policies/promotion.rego"),
            ),
            ("verify.sh", include_str!("../../../assets/policies/verify.sh")),
        ] {
            templates.add_template(name, text)?;
        }
        Ok(Self { templates, facts })
    }

    fn file(&self, template: &str, name: &str) -> Result<Option<File>, minijinja::Error> {
        // What reads the old tags only is a policy of the old type.
        let (kind, setup) = if self.facts.forms.has_bundle() {
            (
                "SigstoreBundle",
                "It needs Kyverno 1.19 or newer, which reads bundles that are signed with a key",
            )
        } else {
            ("Cosign", "It reads signatures from the tags that cosign 2 writes")
        };
        // policy-controller has names of its own for the package and the rule.
        let rego = self.rego("sigstore", "isCompliant")?;
        let text = self.templates.get_template(template)?.render(context! {
            environment => &self.facts.environment,
            repository => self.facts.repositories.first(),
            key => self.pem(),
            arguments => self.arguments(),
            key_file => self.key_file(),
            package => "signature",
            rule => "allow",
            rego => rego.trim_end(),
            kind,
            setup,
            repositories => if template == "promotion.rego" { self.quoted() } else { self.facts.repositories.clone() },
        })?;
        let name = name.to_owned();
        Ok(Some(File { name, text }))
    }

    fn rego(&self, package: &str, rule: &str) -> Result<String, minijinja::Error> {
        self.templates.get_template("promotion.rego")?.render(context! {
            environment => &self.facts.environment,
            repositories => self.quoted(),
            package,
            rule,
        })
    }

    fn quoted(&self) -> Vec<String> {
        let all = self.facts.repositories.iter();
        all.map(|repository| format!("\"{repository}\"")).collect()
    }

    fn key_file(&self) -> String {
        format!("{}.pub", self.facts.environment)
    }

    fn pem(&self) -> &str {
        match &self.facts.signer {
            PolicySigner::Key(pem) => pem,
            PolicySigner::Identity { .. } => "",
        }
    }

    /// How cosign is told whose signatures count.
    fn arguments(&self) -> String {
        let (identity, root, has_log, has_certificate_log) = match &self.facts.signer {
            PolicySigner::Key(_) => {
                return format!("--insecure-ignore-tlog=true --key \"$here/{}\"", self.key_file());
            }
            PolicySigner::Identity {
                identity,
                root,
                has_log,
                has_certificate_log,
            } => (identity, root, *has_log, *has_certificate_log),
        };
        let mut arguments = vec![match (identity.subject(), identity.subject_pattern()) {
            (Some(subject), _) => format!("--certificate-identity {}", quoted(subject)),
            (None, pattern) => format!(
                "--certificate-identity-regexp {}",
                quoted(&pattern.unwrap_or_default())
            ),
        }];
        arguments.push(format!("--certificate-oidc-issuer {}", quoted(identity.issuer())));
        if root.is_some() {
            arguments.push(format!(
                "--trusted-root \"$here/{TRUSTED_ROOT}\" --use-signed-timestamps"
            ));
        }
        if !has_log {
            arguments.push("--insecure-ignore-tlog=true".to_owned());
        }
        if !has_certificate_log {
            arguments.push("--insecure-ignore-sct=true".to_owned());
        }
        arguments.join(" ")
    }

    /// The file that signatures are verified by.
    fn proof(&self) -> Option<File> {
        match &self.facts.signer {
            PolicySigner::Key(pem) => Some(File {
                name: self.key_file(),
                text: format!("{pem}\n"),
            }),
            PolicySigner::Identity { root, .. } => root.as_ref().map(|root| File {
                name: TRUSTED_ROOT.to_owned(),
                text: root.clone(),
            }),
        }
    }
}

/// One word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn internal(error: &minijinja::Error) -> Failure {
    Failure::usage(
        format!("could not write the policy: {error:#}"),
        "this is a fault of windlass; please report it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(forms: SignatureForms) -> Facts {
        Facts {
            environment: "prod".to_owned(),
            repositories: vec![
                "prod.example.com/app".to_owned(),
                "prod.example.com/web".to_owned(),
            ],
            signer: PolicySigner::Key(
                "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----".to_owned(),
            ),
            forms,
        }
    }

    fn text(kind: PolicyKind, forms: SignatureForms) -> String {
        let files = files(kind, &facts(forms)).unwrap();
        let all = files
            .iter()
            .map(|file| format!("== {}\n{}", file.name, file.text));
        all.collect()
    }

    #[test]
    fn policies_name_the_environment_its_repositories_and_its_key() {
        insta::assert_snapshot!("kyverno", text(PolicyKind::Kyverno, SignatureForms::Bundle));
        insta::assert_snapshot!(
            "policy_controller",
            text(PolicyKind::PolicyController, SignatureForms::Tag)
        );
        insta::assert_snapshot!("podman", text(PolicyKind::Podman, SignatureForms::Tag));
        insta::assert_snapshot!("cosign", text(PolicyKind::Cosign, SignatureForms::Both));
        assert!(text(PolicyKind::Kyverno, SignatureForms::Tag).contains("type: Cosign"));
    }

    #[test]
    fn cosign_is_told_the_whole_identity_and_nothing_that_a_shell_would_run() {
        let script = |identity, root: Option<&str>, logs| {
            let facts = Facts {
                signer: PolicySigner::Identity {
                    identity,
                    root: root.map(str::to_owned),
                    has_log: logs,
                    has_certificate_log: logs,
                },
                ..facts(SignatureForms::Bundle)
            };
            let files = files(PolicyKind::Cosign, &facts).unwrap();
            let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
            let script = files.into_iter().find(|file| file.name == "verify.sh").unwrap();
            (names, script.text)
        };
        let issuer = || "https://issuer.example.com".to_owned();
        let exact = SignerIdentity::exact("ana'; rm -rf ~'@example.com".to_owned(), issuer());
        let (names, text) = script(exact, Some("{}"), false);
        assert_eq!(names, ["promotion.rego", "verify.sh", "trusted_root.json"]);
        let wanted = r#"--certificate-identity 'ana'\''; rm -rf ~'\''@example.com' --certificate-oidc-issuer 'https://issuer.example.com' --trusted-root "$here/trusted_root.json" --use-signed-timestamps --insecure-ignore-tlog=true --insecure-ignore-sct=true"#;
        assert_eq!(text.matches(wanted).count(), 2, "{text}");
        let pattern = SignerIdentity::matching("a|b", issuer()).unwrap();
        let (names, text) = script(pattern, None, true);
        assert_eq!(names, ["promotion.rego", "verify.sh"]);
        assert!(
            text.contains("--certificate-identity-regexp '^(?:a|b)$'") && !text.contains("insecure"),
            "{text}"
        );
    }
}
