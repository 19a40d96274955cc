//! `windlass init`: a commented windlass.toml from flags, from what the repository shows, and from questions.

mod github;
mod template;

use std::fmt;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use self::template::{Answers, Location, render};
use super::Output;
use super::failure::Failure;
use super::global::Global;
use crate::config::{Config, FILE_NAME};
use crate::domain::{BranchName, EnvironmentName, Exit, ServiceName, clean_line};
use crate::git::GitRepository;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass init\n  \
         windlass init --service payment-svc --registry registry.example.com --prod-registry prod.example.com\n  \
         windlass init --github\n  \
         windlass init --github --on-release stage --dry-run\n\
         With --github, a workflow for pull requests, for builds, for each promotion and for a daily status, in \
         .github/workflows.\nFiles that were edited are kept, and the difference is shown.")]
pub struct InitArgs {
    /// The registry of all environments but the last: a host, or a host and a path
    #[arg(long, value_name = "HOST[/PATH]")]
    pub registry: Option<String>,
    /// The registry of the last environment [default: the same]
    #[arg(long, value_name = "HOST[/PATH]")]
    pub prod_registry: Option<String>,
    /// The environments in promotion order; the last one is protected
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "dev,stage,prod"
    )]
    pub environments: Vec<EnvironmentName>,
    /// The git remote [default: origin, or the only one]
    #[arg(long, value_name = "NAME")]
    pub remote: Option<String>,
    /// The branch that candidates come from [default: develop if it exists, else the checked-out branch]
    #[arg(long, value_name = "BRANCH")]
    pub develop: Option<String>,
    /// The branch that releases are merged into [default: main or master]
    #[arg(long, value_name = "BRANCH")]
    pub main: Option<String>,
    /// The private key that signs images in the last environment [default: not signed]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Replace an existing windlass.toml; with --github, also workflows that were edited
    #[arg(long)]
    pub force: bool,
    /// For the workflows of GitHub.
    #[command(flatten)]
    pub github: github::GitHubArgs,
}

/// Writes the file at the root of the repository, or in the folder where there is none.
pub fn run(args: InitArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    if args.github.github {
        return github::run(&args.github, args.force, global, io);
    }
    super::world::access_to_state(global)?;
    let folder = super::world::folder(global)?;
    let repository = GitRepository::discover(&folder).ok();
    let root = repository.as_ref().map_or(&*folder, GitRepository::root);
    let path = global.config.clone().unwrap_or_else(|| root.join(FILE_NAME));
    if path.exists() && !args.force {
        return Err(Failure::usage(
            format!("{} already exists", path.display()),
            "check it with `windlass doctor`, or replace it with --force",
        ));
    }
    let force = args.force;
    let found = Found::of(root, repository.as_ref());
    let answers = if io.can_ask() {
        answers(args, global, &found, &mut io::stdin().lock(), &mut io.err)?
    } else {
        answers(args, global, &found, &mut io::empty(), &mut io::sink())?
    };
    let text = render(&answers);
    // What is written must be what can be read.
    Config::parse(&text, &path)?;
    write(&path, &text, force)?;
    writeln!(io.out, "✓ wrote {}", path.display())?;
    writeln!(
        io.out,
        "  next: check it with `windlass doctor`, then open the console with `windlass`"
    )?;
    Ok(Exit::Done)
}

/// Never over another file, unless that was asked for; and never half of it.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    let done = if force {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    done.map_err(|error| error.error)?;
    Ok(())
}

/// What the folder and its repository suggest.
#[derive(Debug, Default)]
struct Found {
    service: Option<ServiceName>,
    remotes: Vec<String>,
    branches: Vec<String>,
    current: Option<String>,
}

impl Found {
    fn of(root: &Path, repository: Option<&GitRepository>) -> Self {
        let name = root.file_name().map(|name| name.to_string_lossy().to_lowercase());
        let mut found = Self {
            service: name.and_then(|name| name.parse().ok()),
            remotes: repository.map(GitRepository::remote_names).unwrap_or_default(),
            branches: Vec::new(),
            current: repository.and_then(GitRepository::current_branch),
        };
        let branches = repository.and_then(|git| git.branches(&found.remote()).ok());
        found.branches = branches.into_iter().flatten().map(|(name, _)| name).collect();
        found
    }

    fn remote(&self) -> String {
        let origin = self.remotes.iter().find(|remote| *remote == "origin");
        origin
            .or(self.remotes.first())
            .map_or("origin", String::as_str)
            .to_owned()
    }

    /// The branch that candidates come from.
    fn develop(&self) -> BranchName {
        self.branch(&["develop", "development", "dev"])
            .or_else(|| self.current.as_ref()?.parse().ok())
            .unwrap_or_else(BranchName::develop)
    }

    /// The branch that releases end in.
    fn main(&self) -> BranchName {
        self.branch(&["main", "master"]).unwrap_or_else(BranchName::main)
    }

    fn branch(&self, usual: &[&str]) -> Option<BranchName> {
        let name = usual
            .iter()
            .find(|name| self.branches.iter().any(|branch| branch == *name))?;
        name.parse().ok()
    }
}

fn answers(
    args: InitArgs,
    global: &Global,
    found: &Found,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Answers, Failure> {
    let mut ask = Questions { input, out };
    let service = ask.unless(global.service.as_deref(), "service", found.service.clone())?;
    let remote: RemoteName = ask.unless(
        args.remote.as_deref(),
        "remote",
        RemoteName::usual(&found.remote()),
    )?;
    let develop = ask.unless(args.develop.as_deref(), "develop", Some(found.develop()))?;
    let main = ask.unless(args.main.as_deref(), "main", Some(found.main()))?;
    let registry: Location = ask.unless(args.registry.as_deref(), "registry", None)?;
    let prod_registry = ask.unless(
        args.prod_registry.as_deref(),
        "prod-registry",
        Some(registry.clone()),
    )?;
    Ok(Answers {
        service,
        remote: remote.0,
        develop,
        main,
        environments: args.environments,
        registry,
        prod_registry,
        key: args.key,
    })
}

/// The name of a git remote, as windlass.toml takes it: `origin`, and not an address.
struct RemoteName(String);

impl RemoteName {
    fn usual(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl FromStr for RemoteName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.parse::<BranchName>().is_ok() && !text.contains(':') {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{}` is not a remote name such as origin; list them with `git remote`",
                clean_line(text)
            ))
        }
    }
}

impl fmt::Display for RemoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Questions on a terminal; without one the input is empty, and each answer is its default.
struct Questions<'a> {
    input: &'a mut dyn BufRead,
    out: &'a mut dyn Write,
}

impl Questions<'_> {
    /// The value that was given with `--name`, or the answer to the question of that name, or the default.
    fn unless<T>(&mut self, given: Option<&str>, name: &str, default: Option<T>) -> Result<T, Failure>
    where
        T: FromStr<Err: fmt::Display> + fmt::Display,
    {
        if let Some(given) = given {
            return given.parse().map_err(|error| {
                Failure::usage(format!("--{name}: {error}"), format!("choose another --{name}"))
            });
        }
        loop {
            match &default {
                Some(default) => write!(self.out, "{name} [{default}]: ")?,
                None => write!(self.out, "{name}: ")?,
            }
            self.out.flush()?;
            let mut line = String::new();
            let ended = self.input.read_line(&mut line)? == 0;
            if ended {
                // The answer to Ctrl-D stands on the line of the question.
                writeln!(self.out)?;
            }
            let answer = line.trim();
            if !answer.is_empty() {
                match answer.parse() {
                    Ok(answer) => return Ok(answer),
                    Err(error) => writeln!(self.out, "{error}")?,
                }
            } else if let Some(default) = default {
                return Ok(default);
            } else if ended {
                return Err(Failure::usage(
                    format!("{name} is missing and the input ended"),
                    format!("give it with --{name}"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        global: Global,
        #[command(flatten)]
        args: InitArgs,
    }

    fn answer(flags: &[&str], found: &Found, typed: &str) -> Result<Answers, Failure> {
        let line = Line::parse_from(std::iter::once(&"init").chain(flags));
        answers(
            line.args,
            &line.global,
            found,
            &mut typed.as_bytes(),
            &mut io::sink(),
        )
    }

    fn parsed(answers: &Answers) -> Config {
        Config::parse(&render(answers), Path::new("windlass.toml")).unwrap()
    }

    #[test]
    fn flags_alone_are_enough() {
        let flags = [
            "--service",
            "api",
            "--registry",
            "r.example.com/team/",
            "--key",
            "keys/it's.key",
        ];
        let answers = answer(&flags, &Found::default(), "").unwrap();
        let config = parsed(&answers);
        let images: Vec<_> = config.graph.all().iter().map(|e| e.image.to_string()).collect();
        assert_eq!(
            images,
            [
                "r.example.com/team/dev/{service}",
                "r.example.com/team/stage/{service}",
                "r.example.com/team/prod/{service}"
            ]
        );
        let prod = config.graph.all().last().unwrap();
        assert!(prod.protected);
        let settings = &config.environments[&prod.name];
        assert_eq!(
            settings.sign.as_ref().unwrap().key().unwrap().key,
            Path::new("keys/it's.key")
        );
        assert!(settings.scan.is_some());
    }

    #[test]
    fn asks_for_what_is_not_given_and_takes_what_the_repository_shows_as_default() {
        let found = Found {
            service: "payment".parse().ok(),
            remotes: vec!["upstream".to_owned()],
            branches: vec!["master".to_owned(), "trunk".to_owned()],
            current: Some("trunk".to_owned()),
        };
        // The question that has no default is put again until there is an answer that will do.
        let answers = answer(&[], &found, "\n\n\n\n\nnohost\nr.example.com\nprod.example.com\n").unwrap();
        assert_eq!(answers.service.as_str(), "payment");
        assert_eq!(answers.remote, "upstream");
        assert_eq!(
            (answers.develop.as_str(), answers.main.as_str()),
            ("trunk", "master")
        );
        let config = parsed(&answers);
        assert_eq!(
            config.graph.all().last().unwrap().image.to_string(),
            "prod.example.com/{service}"
        );
    }

    #[test]
    fn each_answer_is_checked_when_it_is_given_and_asked_for_again() {
        let found = Found {
            service: "payment".parse().ok(),
            remotes: vec!["upstream".to_owned()],
            ..Found::default()
        };
        let typed =
            "\nhttps://git.example.com/acme/app\nupstream\n\n\nnohost\nhttps://r.example.com/team/\n\n";
        let answered = answer(&[], &found, typed).unwrap();
        assert_eq!(answered.remote, "upstream");
        let config = parsed(&answered);
        assert_eq!(
            config.graph.all()[0].image.to_string(),
            "r.example.com/team/dev/{service}"
        );
        let failure = answer(&["--remote", "git@example.com:acme/app"], &found, "")
            .err()
            .unwrap();
        assert!(
            failure.report.to_string().contains("is not a remote name"),
            "{}",
            failure.report
        );
    }

    #[test]
    fn nobody_there_and_nothing_given_is_a_failure_that_names_the_flag() {
        let failure = answer(&["--service", "api"], &Found::default(), "").unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(failure.hint.as_deref(), Some("give it with --registry"));
        let failure = answer(
            &["--service", "api", "--registry", "nohost"],
            &Found::default(),
            "",
        )
        .unwrap_err();
        assert!(failure.report.to_string().starts_with("--registry: "));
    }

    #[test]
    fn never_overwrites_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        write(&path, "first", false).unwrap();
        assert!(write(&path, "second", false).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        write(&path, "second", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
    }
}
