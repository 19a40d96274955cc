//! The templates of policies, filled in.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment as Templates, context};

use super::kind::PolicyKind;
use crate::cli::failure::Failure;
use crate::domain::SignatureForms;

/// What the policies say.
pub(super) struct Facts {
    pub(super) environment: String,
    /// Where the images of each service are.
    pub(super) repositories: Vec<String>,
    /// The public key, in PEM.
    pub(super) key: String,
    /// In which forms signatures are left.
    pub(super) forms: SignatureForms,
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
            Ok(templates.key()),
        ],
        PolicyKind::Cosign => vec![
            templates.file("promotion.rego", "promotion.rego"),
            templates.file("verify.sh", "verify.sh"),
            Ok(templates.key()),
        ],
    };
    let files: Result<_, _> = files.into_iter().collect();
    files.map_err(|error| internal(&error))
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

    fn file(&self, template: &str, name: &str) -> Result<File, minijinja::Error> {
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
            key => &self.facts.key,
            key_file => self.key_file(),
            package => "signature",
            rule => "allow",
            rego => rego.trim_end(),
            kind,
            setup,
            repositories => if template == "promotion.rego" { self.quoted() } else { self.facts.repositories.clone() },
        })?;
        let name = name.to_owned();
        Ok(File { name, text })
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

    fn key(&self) -> File {
        File {
            name: self.key_file(),
            text: format!("{}\n", self.facts.key),
        }
    }
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
            key: "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----".to_owned(),
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
}
