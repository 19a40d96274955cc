//! The programs that windlass.toml of the sample world names.

use std::path::Path;

/// The service of the world's own repository.
pub(super) const SERVICE: &str = "payment-svc";

/// The deployer of the world: it writes down what is deployed to each environment, and has `program` run that of the world's own
/// service.
pub(super) fn deploy(program: Option<&Path>) -> String {
    let run = program.map_or_else(
        || "echo \"recorded $WINDLASS_DIGEST; nothing runs in this world\"\n".to_owned(),
        |program| {
            format!(
                "if [ \"$WINDLASS_SERVICE\" = {SERVICE} ]; then\n    {} demo-service deploy --folder \"$folder\"\nelse\n    \
                 echo \"recorded $WINDLASS_DIGEST; nothing runs of $WINDLASS_SERVICE in this demo\"\nfi\n",
                in_shell(program)
            )
        },
    );
    format!(
        "#!/bin/sh\n\
         # Deploys in the demo.\n\
         set -eu\n\
         folder=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\n\
         mkdir -p \"$folder/deployed\"\n\
         echo \"rolling out $WINDLASS_SERVICE to $WINDLASS_ENVIRONMENT\"\n\
         printf '%s\\n' \"$WINDLASS_IMAGE\" > \"$folder/deployed/$WINDLASS_ENVIRONMENT\"\n\
         {run}"
    )
}

/// The program that says what runs: it has `program` ask for it.
pub(super) fn running_script(program: &Path) -> String {
    format!(
        "#!/bin/sh\n# Says what runs in the demo.\nexec {} demo-service running --folder \"$(cd \"$(dirname \"$0\")\" && pwd)\"\n",
        in_shell(program)
    )
}

/// The rest of a deployer's table that lets `script` say what runs.
pub(super) fn running(script: &Path) -> String {
    let script = toml::Value::String(script.display().to_string());
    format!(", running = [\"/bin/sh\", {script}], observe_for = \"20s\"")
}

/// A path as a shell takes it literally.
fn in_shell(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_quote_is_one_word_of_the_shell() {
        assert_eq!(in_shell(Path::new("/a b/c'd")), r"'/a b/c'\''d'");
    }
}
