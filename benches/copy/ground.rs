//! The two registries that all tools copy between, the proxies before them, and the names of what is copied.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use color_eyre::eyre::bail;
use tempfile::TempDir;

use crate::Result;
use crate::process::{self, Run, Server};
use crate::proxy::{self, Proxy};
use crate::tools::Tools;

/// When a registry that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all scenarios stand on.
pub struct Ground {
    /// The programs.
    pub tools: Tools,
    /// How often each is measured.
    pub repetitions: usize,
    /// For pushing what is copied.
    pub client: reqwest::Client,
    /// Where images are copied from.
    pub source: Registry,
    /// Where images are copied to.
    pub target: Registry,
    folder: TempDir,
}

/// A process of distribution.
pub struct Registry {
    /// `127.0.0.1:PORT`.
    pub host: String,
    _server: Server,
}

/// A proxy before each of the registries.
pub struct Proxies {
    /// Before the source.
    pub source: Proxy,
    /// Before the target.
    pub target: Proxy,
}

impl Ground {
    /// Builds the tools and starts both registries, empty.
    pub async fn new(windlass: PathBuf, repetitions: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("windlass-bench").tempdir()?;
        let home = folder.path().join("home");
        fs::create_dir(&home)?;
        let tools = tokio::task::spawn_blocking(move || Tools::build(windlass, &home)).await??;
        let source = Registry::start(&tools, folder.path(), "source")?;
        let target = Registry::start(&tools, folder.path(), "target")?;
        Ok(Self {
            tools,
            repetitions,
            client: reqwest::Client::new(),
            source,
            target,
            folder,
        })
    }

    /// The machine and what is compared on it.
    pub fn describe(&self) -> Result<String> {
        let cores = std::thread::available_parallelism()?;
        let model = fs::read_to_string("/proc/cpuinfo")?;
        let model = model
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .unwrap_or("unknown");
        let load = fs::read_to_string("/proc/loadavg")?;
        let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
        Ok(format!(
            "{cores} cores ({}), load {load}; registries: distribution {}, files in {}; {} repetitions, the tools in turn.\n\
             A cell is the median (least–most) and windlass's figure as a multiple of it.",
            model.trim_start_matches([' ', '\t', ':']),
            self.tools.module("registry")?,
            self.folder.path().parent().unwrap_or(Path::new("/")).display(),
            self.repetitions,
        ))
    }

    /// A file of this name that is removed at the end.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a tool to its end, while the proxies go on.
    pub async fn run(&self, mut command: Command) -> Result<Run> {
        let said = self.file("said");
        tokio::task::spawn_blocking(move || process::run(&mut command, &said)).await?
    }

    /// A proxy before each of the registries.
    pub async fn proxies(&self) -> Proxies {
        Proxies {
            source: proxy::start(&self.source.host).await,
            target: proxy::start(&self.target.host).await,
        }
    }
}

impl Proxies {
    /// Requests that came to both since the last call.
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    pub fn count(&self) -> f64 {
        let count = self.source.traffic().requests + self.target.traffic().requests;
        self.forget();
        count as f64
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        self.source.forget();
        self.target.forget();
    }

    /// Lets every request wait so long.
    pub fn delay(&self, delay: Duration) {
        self.source.delay(delay);
        self.target.delay(delay);
    }
}

impl Registry {
    fn start(tools: &Tools, folder: &Path, name: &str) -> Result<Self> {
        let host = free()?;
        let configuration = folder.join(format!("{name}.yml"));
        fs::write(
            &configuration,
            format!(
                "version: 0.1\n\
                 log: {{ level: error, accesslog: {{ disabled: true }} }}\n\
                 storage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
                 http: {{ addr: \"{host}\" }}\n",
                folder.join(name).display()
            ),
        )?;
        let log = fs::File::create(folder.join(format!("{name}.log")))?;
        let child = tools
            .command("registry")
            .arg("serve")
            .arg(configuration)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Server(child);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(&host).is_err() {
            if Instant::now() > until || server.0.try_wait()?.is_some() {
                bail!("the {name} registry did not start");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            host,
            _server: server,
        })
    }
}

/// A port of the loopback that nobody listens on. Somebody else may take it at once: then the registry says so.
fn free() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}
