//! The forge of the sample world: promotions to prod run there, once somebody approves them.

use std::path::Path;

use super::error::io_at;
use super::{World, WorldError};
use crate::demo::forge::{Forge, ForgeSettings, REPOSITORY};

/// The file with the token that the forge lets in.
const TOKEN: &str = "forge.token";

impl World {
    /// Has promotions to prod wait for an approval in a forge from now on, and then run there as `program`, windlass itself.
    ///
    /// # Errors
    /// When it cannot be started, or the configuration cannot be written anew.
    pub async fn start_forge(&mut self, program: &Path) -> Result<(), WorldError> {
        let token = uuid::Uuid::now_v7().simple().to_string();
        let path = self.folder.join(TOKEN);
        std::fs::write(&path, &token).map_err(io_at(&path))?;
        let home = self.folder.join("forge");
        std::fs::create_dir_all(&home).map_err(io_at(&home))?;
        let engine = self.engine()?;
        let head = match engine.repository() {
            Some(repository) => repository.commit("develop")?.sha.to_string(),
            None => String::new(),
        };
        let settings = ForgeSettings {
            program: program.to_owned(),
            checkout: self.repository(),
            home,
            head,
            token,
        };
        self.forge = Some(Forge::start(settings).await.map_err(io_at(&path))?);
        self.write_config()
    }

    /// The address of the API of the forge, if there is one.
    pub fn forge_api(&self) -> Option<String> {
        self.forge.as_ref().map(Forge::api)
    }

    /// The table about the forge in windlass.toml; nothing where there is none.
    pub(super) fn forge_settings(&self) -> String {
        let Some(forge) = &self.forge else {
            return String::new();
        };
        let token = toml::Value::String(self.folder.join(TOKEN).to_string_lossy().into_owned());
        format!(
            "[github]\napi = \"{}\"\nrepository = \"{REPOSITORY}\"\ntoken_file = {token}\nchecks = \"off\"\npoll = \"500ms\"\n\n",
            forge.api(),
        )
    }
}
