use std::path::Path;

use super::*;

const TWO_SERVICES: &str = r#"
    [git]
    release_branch = "release/{service}/v{version}-sha-{short}"
    hotfix_branch = "hotfix/{service}/v{version}"
    release_tag = "{service}/v{version}"

    [[service]]
    name = "api"
    path = "api"

    [[service]]
    name = "web"
    path = "web"

    [[environment]]
    name = "dev"
    image = "ghcr.io/acme/{service}"
    retain = { builds = 50 }

    [[environment]]
    name = "stage"
    from = "dev"
    image = "stage.example.com/{service}"
    gate.scan = { fail_on = { critical = 0 }, at_admission = true }

    [[environment]]
    name = "prod"
    from = "stage"
    protected = true
    image = "europe-docker.pkg.dev/acme/{service}"
    sign = { key = "cosign.key" }
    hotfix = { from = "dev", skip = ["scan"] }
"#;

fn files(args: &GitHubArgs) -> Vec<GeneratedFile> {
    let config = Config::parse(TWO_SERVICES, Path::new("windlass.toml")).unwrap();
    of(&config, args).unwrap()
}

fn text(files: &[GeneratedFile], name: &str) -> String {
    let file = files.iter().find(|file| file.path.ends_with(name));
    file.unwrap_or_else(|| panic!("{name} is missing"))
        .text()
        .to_owned()
}

#[test]
fn there_is_a_workflow_for_each_way_of_an_image() {
    let files = files(&GitHubArgs::default());
    let paths: Vec<_> = files
        .iter()
        .map(|file| file.path.rsplit('/').next().unwrap())
        .collect();
    let expected = [
        "action.yml",
        "pr-check.yml",
        "build-dev.yml",
        "promote-stage.yml",
        "promote-prod.yml",
        "hotfix.yml",
        "fleet.yml",
        "gc.yml",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn every_action_is_pinned_by_a_commit_with_its_version_beside_it() {
    for file in files(&GitHubArgs::default()) {
        for line in file
            .text()
            .lines()
            .filter(|line| line.trim_start().starts_with("- uses:") || line.trim_start().starts_with("uses:"))
        {
            let action = line.split("uses: ").nth(1).unwrap();
            if action.starts_with("./") {
                continue;
            }
            let (commit, version) = action.split_once('@').unwrap().1.split_once(" # v").unwrap();
            assert!(
                commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()),
                "{line}"
            );
            assert!(!version.is_empty(), "{line}");
        }
    }
}

#[test]
fn no_input_reaches_a_shell_but_through_a_variable() {
    for file in files(&GitHubArgs::default()) {
        let mut inside = None;
        for line in file.text().lines() {
            let indent = line.len() - line.trim_start().len();
            inside = inside.filter(|begin| line.trim().is_empty() || indent > *begin);
            if line.trim_start().starts_with("run:") {
                inside = Some(indent);
            }
            assert!(inside.is_none() || !line.contains("${{"), "{}: {line}", file.path);
        }
    }
}

#[test]
fn a_pull_request_gets_no_credentials() {
    let text = text(&files(&GitHubArgs::default()), "pr-check.yml");
    assert!(text.contains("permissions:\n  contents: read\n"), "{text}");
    for word in ["secrets.", "github.token", "id-token", "write", "login"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn the_plan_of_a_promotion_only_reads_and_the_password_of_the_key_is_in_the_job_that_waits_for_approval() {
    let text = text(&files(&GitHubArgs::default()), "promote-prod.yml");
    let (plan, promote) = text.split_once("\n  promote:\n").unwrap();
    assert!(
        !plan.contains(": write #") || !plan.replace("id-token: write", "").contains(": write"),
        "{plan}"
    );
    assert!(
        !plan.contains("COSIGN_PASSWORD") && !plan.contains("environment: prod"),
        "{plan}"
    );
    for line in [
        "    environment: prod\n",
        "      queue: max\n",
        "COSIGN_PASSWORD: ${{ secrets.COSIGN_PASSWORD }}",
        "--plan \"$PLAN\"",
    ] {
        assert!(promote.contains(line), "{line} in {promote}");
    }
    // Whose registries it is between.
    assert!(
        promote.contains("STAGE_EXAMPLE_COM_PASSWORD") && promote.contains("EUROPE_DOCKER_PKG_DEV_PROVIDER")
    );
    assert!(!promote.contains("ghcr.io"), "{promote}");
}

#[test]
fn trivy_is_installed_where_a_promotion_scans() {
    let files = files(&GitHubArgs::default());
    assert!(text(&files, "promote-stage.yml").contains("tools: trivy"));
    assert!(!text(&files, "promote-prod.yml").contains("tools:"));
}

#[test]
fn branches_start_promotions_only_where_that_is_wished() {
    let usual = files(&GitHubArgs::default());
    assert!(!text(&usual, "promote-stage.yml").contains("push:"));
    let args = GitHubArgs {
        on_release: "stage".parse().ok(),
        on_main: "prod".parse().ok(),
        ..GitHubArgs::default()
    };
    let wished = files(&args);
    let stage = text(&wished, "promote-stage.yml");
    assert!(
        stage.contains("    branches: [\"release/*/v*-sha-*\"]"),
        "{stage}"
    );
    assert!(
        stage.contains("inputs.candidate || github.ref_name }}"),
        "{stage}"
    );
    let prod = text(&wished, "promote-prod.yml");
    assert!(prod.contains("branches: [\"main\"]"), "{prod}");
    assert!(
        prod.contains("inputs.candidate || format('{0}^2', github.sha) }}"),
        "{prod}"
    );
}

#[test]
fn a_promotion_takes_all_that_the_console_sends_and_its_title_repeats_what_the_run_is_found_by() {
    let prod = text(&files(&GitHubArgs::default()), "promote-prod.yml");
    for input in ["candidate", "service", "reason", "plan", "correlation"] {
        assert!(prod.contains(&format!("\n      {input}:\n")), "{input} in {prod}");
    }
    let title = prod.lines().find(|line| line.starts_with("run-name:")).unwrap();
    for input in ["candidate", "plan", "correlation"] {
        assert!(title.contains(&format!("inputs.{input}")), "{title}");
    }
    let two_sources = TWO_SERVICES.replace("from = \"stage\"", "from = [\"stage\", \"dev\"]");
    let config = Config::parse(&two_sources, Path::new("windlass.toml")).unwrap();
    let files = of(&config, &GitHubArgs::default()).unwrap();
    let prod = text(&files, "promote-prod.yml");
    assert!(
        prod.contains("options: [\"stage\",\"dev\"]") && prod.contains("--from \"$FROM\""),
        "{prod}"
    );
}

#[test]
fn workflows_have_the_names_that_the_console_starts() {
    let hotfix = "hotfix = { from = \"dev\", skip = [\"scan\"] }";
    let names = |github: &str| {
        let text = TWO_SERVICES.replace(hotfix, &format!("{hotfix}\nrunner = \"github\"\n{github}"));
        let config = Config::parse(&text, Path::new("windlass.toml")).unwrap();
        let files = of(&config, &GitHubArgs::default());
        files.map(|files| files.into_iter().map(|file| file.path).collect::<Vec<_>>())
    };
    let chosen = names("github = { workflow = \"to-prod.yml\", hotfix = \"fast.yml\" }").unwrap();
    for name in ["to-prod.yml", "fast.yml"] {
        assert!(
            chosen.contains(&format!(".github/workflows/{name}")),
            "{chosen:?}"
        );
    }
    let failure = names("github = { workflow = \"fleet.yml\" }").unwrap_err();
    assert!(
        failure.report.to_string().contains("two workflows"),
        "{}",
        failure.report
    );
}

#[test]
fn a_hotfix_needs_a_reason_and_takes_the_short_path() {
    let text = text(&files(&GitHubArgs::default()), "hotfix.yml");
    assert!(text.contains("--to prod --hotfix"), "{text}");
    let reason = text.split("      reason:").nth(1).unwrap();
    assert!(
        reason.split("type:").next().unwrap().contains("required: true"),
        "{text}"
    );
    assert!(text.contains("registry: ghcr.io"), "{text}");
}

#[test]
fn a_job_may_say_who_it_is_where_it_signs_by_that_only() {
    let keyless = TWO_SERVICES.replace(
        r#"sign = { key = "cosign.key" }"#,
        r#"
        sign = { keyless = { fulcio = "https://fulcio.example.com", timestamp = "https://tsa.example.com" } }
        verify = { identity = "https://github.com/acme/x/.github/workflows/promote-prod.yml@refs/heads/main", issuer = "https://token.actions.githubusercontent.com" }
        "#,
    );
    let keyless = keyless.replace("europe-docker.pkg.dev", "registry.example.com");
    let config = Config::parse(&keyless, Path::new("windlass.toml")).unwrap();
    let files = of(&config, &GitHubArgs::default()).unwrap();
    let may = "id-token: write # a certificate says by it that this workflow signed\n";
    for name in ["promote-prod.yml", "hotfix.yml"] {
        let text = text(&files, name);
        assert_eq!(text.matches("id-token").count(), 1, "{text}");
        let (plan, job) = text.split_once("environment: prod").unwrap();
        assert!(!plan.contains("id-token") && job.contains(may), "{text}");
        assert!(!text.contains("COSIGN_PASSWORD"), "{text}");
    }
    for name in ["build-dev.yml", "promote-stage.yml", "fleet.yml"] {
        assert!(!text(&files, name).contains("id-token"), "{name}");
    }
}

#[test]
fn what_deletes_has_a_job_that_only_reads_before_it_and_runs_only_where_something_is_to_go() {
    let text = text(&files(&GitHubArgs::default()), "gc.yml");
    for service in ["api", "web"] {
        let (plan, delete) = text
            .split_once(&format!("\n  gc-dev-{service}:\n"))
            .unwrap_or_else(|| panic!("{text}"));
        let plan = plan.split(&format!("plan-dev-{service}:")).nth(1).unwrap();
        assert!(!plan.replace("id-token: write", "").contains(": write"), "{plan}");
        let delete = delete.split("\n  plan-").next().unwrap();
        assert!(
            delete.contains(&format!("needs.plan-dev-{service}.outputs.idle == 'false'")),
            "{delete}"
        );
        assert!(
            delete.contains("--plan \"$PLAN\"") && delete.contains("packages: write"),
            "{delete}"
        );
        // As a promotion there, so that the two wait for each other.
        assert!(delete.contains(&format!("group: dev-{service}\n")), "{delete}");
    }
    assert!(!text.contains("gc-prod"), "prod keeps everything");
}

#[test]
fn nothing_deletes_where_every_environment_keeps_everything() {
    let all = TWO_SERVICES.replace("    retain = { builds = 50 }\n", "");
    let config = Config::parse(&all, Path::new("windlass.toml")).unwrap();
    let files = of(&config, &GitHubArgs::default()).unwrap();
    assert!(files.iter().all(|file| !file.path.ends_with("gc.yml")));
}
