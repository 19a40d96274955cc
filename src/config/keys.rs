//! Every key that windlass.toml may have, section by section: what the parser knows, in one place.

/// A table of the configuration and the keys that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// How an error calls the table.
    pub section: &'static str,
    /// What is carried out.
    pub known: &'static [&'static str],
    /// Words that are reserved for what is not built yet. They are refused: a rule that is written down and not
    /// enforced is worse than none.
    pub reserved: &'static [&'static str],
    /// Those of `known` that decide where secrets go or what runs on this machine. From the file of a repository they
    /// count only once a person trusts them.
    pub sensitive: &'static [(&'static str, UntilTrusted)],
}

/// What becomes of a sensitive setting of a repository that nobody has trusted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntilTrusted {
    /// It does not count: windlass does what it does without the setting.
    Withheld,
    /// It is read, because gates ask whether it is there, but nothing acts on it: every operation that would is refused.
    Inert,
}

use UntilTrusted::{Inert, Withheld};

const fn keys(section: &'static str, known: &'static [&'static str]) -> Keys {
    Keys {
        section,
        known,
        reserved: &[],
        sensitive: &[],
    }
}

impl Keys {
    const fn sensitive(mut self, sensitive: &'static [(&'static str, UntilTrusted)]) -> Self {
        self.sensitive = sensitive;
        self
    }

    /// What becomes of `key` until it is trusted; none for a key that needs no trust.
    pub fn until_trusted(&self, key: &str) -> Option<UntilTrusted> {
        let found = self.sensitive.iter().find(|(sensitive, _)| *sensitive == key);
        found.map(|(_, until)| *until)
    }
}

pub(super) const ROOT: Keys = Keys {
    section: "windlass.toml",
    known: &[
        "git",
        "github",
        "service",
        "environment",
        "check",
        "build",
        "release",
        "registry",
        "scanner",
        "notify",
        "approve",
    ],
    reserved: &[],
    sensitive: &[],
};
pub(super) const RELEASE: Keys = keys("[release]", &["rebuild"]);
pub(super) const GIT: Keys = keys(
    "[git]",
    &[
        "remote",
        "develop",
        "main",
        "release_branch",
        "hotfix_branch",
        "release_tag",
        "image_tag",
        "image_revision",
        "tickets",
        "tickets_url",
        "lock",
        "lock_for",
    ],
);
pub(super) const GITHUB: Keys = keys(
    "[github]",
    &["repository", "api", "checks", "token_file", "app", "poll"],
)
.sensitive(&[("api", Withheld), ("token_file", Withheld), ("app", Withheld)]);
pub(super) const GITHUB_APP: Keys = keys("github.app", &["id", "installation", "key_file"]);
pub(super) const SERVICE: Keys = keys("[[service]]", &["name", "path", "dockerfile", "structure_test"]);
pub(super) const ENVIRONMENT: Keys = Keys {
    section: "[[environment]]",
    known: &[
        "name",
        "from",
        "image",
        "protected",
        "gate",
        "sign",
        "verify",
        "verifiers",
        "deploy",
        "after",
        "hotfix",
        "halt",
        "runner",
        "github",
        "retain",
    ],
    reserved: &[],
    sensitive: &[
        ("sign", Inert),
        ("deploy", Inert),
        ("after", Inert),
        ("halt", Inert),
    ],
};
pub(super) const RUNNER: Keys = keys("environment.github", &["workflow", "hotfix", "ref"]);
pub(super) const GATE: Keys = keys("gate", &["scan", "soak", "age", "freeze", "approvals"]);
pub(super) const SCAN: Keys = Keys {
    section: "gate.scan",
    known: &[
        "fail_on",
        "fail_on_secrets",
        "fail_on_misconfigurations",
        "fail_on_licences",
        "fixable_only",
        "max_age",
        "max_database_age",
        "exploited",
        "end_of_life",
        "no_packages",
        "filtered",
        "leave_out",
        "at_admission",
        "signed_by",
    ],
    reserved: &[],
    sensitive: &[],
};
pub(super) const SOAK: Keys = keys("gate.soak", &["in", "time"]);
pub(super) const FREEZE: Keys = keys("gate.freeze", &["name", "from", "until", "zone"]);
pub(super) const APPROVALS: Keys = keys(
    "gate.approvals",
    &[
        "required",
        "roles",
        "exclude_author",
        "exclude_promoter",
        "max_age",
        "trusted",
    ],
);
pub(super) const APPROVER: Keys = keys(
    "gate.approvals.trusted",
    &["name", "key", "roles", "emails", "users", "from", "until"],
);
pub(super) const APPROVE: Keys =
    keys("[approve]", &["key", "password_file"]).sensitive(&[("key", Withheld), ("password_file", Withheld)]);
pub(super) const LEAVE_OUT: Keys = keys("gate.scan.leave_out", &["platform", "reason"]);
const SEVERITIES: &[&str] = &["critical", "high", "medium", "low", "unknown"];
pub(super) const FAIL_ON: Keys = keys("gate.scan.fail_on", SEVERITIES);
pub(super) const FAIL_ON_SECRETS: Keys = keys("gate.scan.fail_on_secrets", SEVERITIES);
pub(super) const FAIL_ON_MISCONFIGURATIONS: Keys = keys("gate.scan.fail_on_misconfigurations", SEVERITIES);
pub(super) const FAIL_ON_LICENCES: Keys = keys("gate.scan.fail_on_licences", SEVERITIES);
pub(super) const SIGN: Keys = Keys {
    section: "sign",
    known: &["key", "password_file", "keyless", "format", "platforms"],
    reserved: &[],
    sensitive: &[],
};
pub(super) const KEYLESS: Keys = keys("sign.keyless", &["fulcio", "timestamp", "rekor", "audience"]);
pub(super) const HALT: Keys = keys("halt", &["key", "password_file", "trusted"]);
pub(super) const RETAIN: Keys = keys("retain", &["builds", "for", "deployments"]);
pub(super) const VERIFY: Keys = keys(
    "verify",
    &["key", "identity", "identity_regexp", "issuer", "trusted_root"],
);
pub(super) const DEPLOY_COMMAND: Keys = keys(
    "deploy with kind = \"command\"",
    &["kind", "program", "args", "env", "running", "observe_for"],
);
pub(super) const DEPLOY_GITOPS: Keys = keys(
    "deploy with kind = \"gitops\"",
    &[
        "kind",
        "remote",
        "branch",
        "file",
        "format",
        "object",
        "image",
        "container",
        "digest_key",
        "tag_key",
        "image_key",
        "method",
        "wait_for",
        "observe_for",
    ],
);
pub(super) const DEPLOY_WAIT_FOR: Keys = keys(
    "deploy.wait_for",
    &["kind", "namespace", "name", "context", "kubeconfig"],
);
pub(super) const DEPLOY_WEBHOOK: Keys = keys(
    "deploy with kind = \"webhook\"",
    &[
        "kind",
        "url",
        "secret_file",
        "token_file",
        "status",
        "timeout",
        "running",
        "observe_for",
    ],
);
pub(super) const DEPLOY_ECS: Keys = keys(
    "deploy with kind = \"ecs\"",
    &[
        "kind",
        "cluster",
        "service_name",
        "container",
        "region",
        "profile",
        "program",
        "rollback",
        "timeout",
        "observe_for",
    ],
);
pub(super) const AFTER_HTTP: Keys = keys(
    "environment.after with kind = \"http\"",
    &[
        "kind",
        "url",
        "status",
        "contains",
        "successes",
        "every",
        "timeout",
        "rollback",
    ],
);
pub(super) const AFTER_COMMAND: Keys = keys(
    "environment.after with kind = \"command\"",
    &["kind", "command", "env", "timeout", "rollback"],
);
pub(super) const AFTER_PROMETHEUS: Keys = keys(
    "environment.after with kind = \"prometheus\"",
    &[
        "kind",
        "url",
        "query",
        "expect",
        "successes",
        "every",
        "timeout",
        "rollback",
    ],
);
pub(super) const DEPLOY_KUBERNETES: Keys = keys(
    "deploy with kind = \"kubernetes\"",
    &[
        "kind",
        "context",
        "kubeconfig",
        "namespace",
        "workload",
        "selector",
        "container",
        "timeout",
        "rollback",
        "only_observe",
        "observe_for",
    ],
);
pub(super) const HOTFIX: Keys = keys("hotfix", &["from", "skip"]);

pub(super) const REGISTRY: Keys = keys(
    "[registry.\"HOST\"]",
    &[
        "plain_http",
        "ca_file",
        "client_cert",
        "client_key",
        "proxy",
        "requests_per_second",
        "concurrency",
    ],
)
.sensitive(&[
    ("plain_http", Withheld),
    ("ca_file", Withheld),
    ("client_cert", Withheld),
    ("client_key", Withheld),
    ("proxy", Withheld),
]);
pub(super) const CHECK: Keys = keys(
    "[check]",
    &[
        "lint",
        "image",
        "sbom",
        "scan",
        "test",
        "policy",
        "artifacts",
        "hadolint",
        "container_structure_test",
    ],
)
.sensitive(&[("hadolint", Withheld), ("container_structure_test", Withheld)]);
pub(super) const BUILD: Keys = keys(
    "[build]",
    &[
        "builder",
        "builder_args",
        "platforms",
        "args",
        "emulation",
        "latest",
    ],
)
.sensitive(&[("builder_args", Withheld)]);
pub(super) const SCANNER: Keys = keys(
    "[scanner]",
    &[
        "trivy",
        "args",
        "server",
        "token_file",
        "database",
        "java_database",
        "timeout",
        "at_once",
        "waivers",
        "vex",
    ],
)
.sensitive(&[
    ("trivy", Withheld),
    ("args", Withheld),
    ("server", Withheld),
    ("token_file", Withheld),
    ("database", Withheld),
    ("java_database", Withheld),
]);
pub(super) const NOTIFY: Keys = keys(
    "[[notify]]",
    &["url", "secret_file", "form", "on", "environments"],
)
.sensitive(&[("url", Withheld), ("secret_file", Withheld)]);
pub(super) const FLEET: Keys = keys("fleet.toml", &["project", "registry", "scanner"]);
pub(super) const PROJECT: Keys = keys("[[project]]", &["name", "path", "remote", "file"]);
pub(super) const WAIVERS: Keys = keys("the waiver file", &["waiver"]);
pub(super) const WAIVER: Keys = keys(
    "[[waiver]]",
    &["id", "package", "reason", "owner", "expires", "environments"],
);

/// All tables, as the documentation lists them.
pub const ALL: &[Keys] = &[
    ROOT,
    RELEASE,
    GIT,
    GITHUB,
    SERVICE,
    ENVIRONMENT,
    RUNNER,
    GITHUB_APP,
    GATE,
    SCAN,
    FAIL_ON,
    FAIL_ON_SECRETS,
    FAIL_ON_MISCONFIGURATIONS,
    FAIL_ON_LICENCES,
    LEAVE_OUT,
    SOAK,
    APPROVALS,
    APPROVER,
    APPROVE,
    FREEZE,
    SIGN,
    KEYLESS,
    VERIFY,
    HALT,
    RETAIN,
    DEPLOY_COMMAND,
    DEPLOY_GITOPS,
    DEPLOY_WAIT_FOR,
    DEPLOY_ECS,
    DEPLOY_WEBHOOK,
    AFTER_HTTP,
    AFTER_COMMAND,
    AFTER_PROMETHEUS,
    DEPLOY_KUBERNETES,
    HOTFIX,
    CHECK,
    BUILD,
    REGISTRY,
    SCANNER,
    NOTIFY,
];

/// The tables of fleet.toml that windlass.toml does not have.
pub const OF_FLEET: &[Keys] = &[FLEET, PROJECT];

/// The one of `known` that was probably meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}
