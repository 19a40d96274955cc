//! The check runs that jobs write.

use serde_json::{Value, json};
use windlass::demo::forge::objects;

use super::fake::{Answer, Fake, Store, plain};

impl Store {
    pub fn begin_check(&mut self, body: &[u8]) -> Answer {
        if self.refuses_checks {
            return plain(403, "Resource not accessible by integration");
        }
        let new: Value = serde_json::from_slice(body).unwrap();
        self.check_writes.push(std::time::Instant::now());
        let commit = new["head_sha"].as_str().unwrap().to_owned();
        let id = 9000 + self.runs.values().map(Vec::len).sum::<usize>();
        let mut check = json!({
            "id": id, "node_id": "CR_2", "url": "x", "html_url": "x", "details_url": "x", "conclusion": null,
            "started_at": null, "completed_at": null, "check_suite": {"id": 6}, "pull_requests": [],
            "app": objects::actions_app(), "external_id": null,
            "output": {"title": null, "summary": null, "text": null, "annotations_count": 0, "annotations_url": "https://x"},
        });
        take(&mut check, &new);
        self.runs.entry(commit).or_default().push(check.clone());
        (201, Vec::new(), check)
    }

    pub fn change_check(&mut self, id: u64, body: &[u8]) -> Answer {
        let changes: Value = serde_json::from_slice(body).unwrap();
        self.check_writes.push(std::time::Instant::now());
        let Some(check) = self.runs.values_mut().flatten().find(|check| check["id"] == id) else {
            return plain(404, "Not Found");
        };
        take(check, &changes);
        (200, Vec::new(), check.clone())
    }
}

fn take(check: &mut Value, changes: &Value) {
    for (key, value) in changes.as_object().unwrap() {
        if value.is_object() {
            take(&mut check[key], value);
        } else {
            check[key] = value.clone();
        }
    }
}

impl Fake {
    /// The check run that shows what windlass does in the jobs of `commit`.
    pub fn live_check(&self, commit: &str) -> Option<Value> {
        let store = self.store();
        let checks = store.runs.get(commit)?;
        checks
            .iter()
            .find(|check| check["name"] == "windlass live")
            .cloned()
    }
}
