//! What is left to do when the command line has done its part.

use std::sync::Arc;

use crate::domain::Exit;
use crate::engine::Engine;
use crate::fleet::Fleet;
use crate::project::Service;

/// What the command line leaves to do.
pub enum Outcome {
    /// Nothing: this is the exit code.
    Ended(Exit),
    /// Open the console.
    Console(Box<ConsoleRequest>),
}

/// The sample world, and the pipeline that builds in it.
#[cfg(feature = "demo")]
pub type Sample = (crate::demo::World, crate::demo::Pipeline);

/// There is no sample world in a build without the demo.
#[cfg(not(feature = "demo"))]
pub type Sample = std::convert::Infallible;

/// What the console is to be opened on.
pub struct ConsoleRequest {
    /// The services to choose from, and what the fleet is called; none where there is only one service.
    pub fleet: Option<(String, Fleet)>,
    /// The service whose board is shown first; none to show the fleet.
    pub service: Option<(Arc<Engine>, Service)>,
    /// Whether everything that writes is out of reach.
    pub read_only: bool,
    /// Symbols of ASCII only.
    pub ascii: bool,
    /// The sample world and its pipeline, which live as long as the console is open.
    pub sample: Option<Sample>,
}
