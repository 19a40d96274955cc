//! The task definition of a service, with another image of one container.

use serde_json::{Map, Value};

/// What `RegisterTaskDefinition` accepts of what `DescribeTaskDefinition` answers (the service model of ECS, 2014-11-13); the
/// rest is of the revision that was registered.
const REGISTERED: [&str; 17] = [
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
];

/// A task definition as it is described.
pub(super) struct TaskDefinition {
    definition: Map<String, Value>,
    tags: Value,
}

impl TaskDefinition {
    /// Of an answer to `describe-task-definition --include TAGS`.
    pub(super) fn new(mut answer: Value) -> Self {
        let tags = answer["tags"].take();
        let definition = match answer["taskDefinition"].take() {
            Value::Object(definition) => definition,
            _ => Map::new(),
        };
        Self { definition, tags }
    }

    /// Its family.
    pub(super) fn family(&self) -> String {
        self.definition
            .get("family")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        let containers = self
            .definition
            .get("containerDefinitions")
            .and_then(Value::as_array);
        containers.into_iter().flatten()
    }

    /// The image of the container of that name.
    ///
    /// # Errors
    /// The names that there are, when none or several have it.
    pub(super) fn image(&self, container: &str) -> Result<String, Vec<String>> {
        let name = |container: &Value| container["name"].as_str().unwrap_or_default().to_owned();
        let mut found = self.containers().filter(|each| name(each) == container);
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found["image"].as_str().unwrap_or_default().to_owned()),
            _ => Err(self.containers().map(name).collect()),
        }
    }

    /// What registers it with `image` in `container`.
    pub(super) fn with_image(&self, container: &str, image: &str) -> Value {
        let mut input: Map<_, _> = self
            .definition
            .iter()
            .filter(|(key, value)| REGISTERED.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let containers = input
            .get_mut("containerDefinitions")
            .and_then(Value::as_array_mut);
        for each in containers.into_iter().flatten() {
            if each["name"] == container {
                each["image"] = image.into();
            }
        }
        // An empty list of tags is refused.
        if self.tags.as_array().is_some_and(|tags| !tags.is_empty()) {
            input.insert("tags".to_owned(), self.tags.clone());
        }
        input.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_image_changes_one_container_and_drops_what_belongs_to_the_old_revision() {
        let described = TaskDefinition::new(json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/shop:3",
                "family": "shop", "revision": 3, "status": "ACTIVE", "requiresAttributes": [], "compatibilities": ["FARGATE"],
                "registeredAt": 1, "registeredBy": "arn", "cpu": "256", "runtimePlatform": {"cpuArchitecture": "ARM64"},
                "containerDefinitions": [
                    {"name": "app", "image": "old", "environment": [{"name": "A", "value": "1"}]},
                    {"name": "proxy", "image": "envoy"},
                ],
            },
            "tags": [{"key": "team", "value": "shop"}],
        }));
        assert_eq!(described.image("app").unwrap(), "old");
        assert_eq!(described.image("web").unwrap_err(), ["app", "proxy"]);
        assert_eq!(
            described.with_image("app", "new@sha256:1"),
            json!({
                "family": "shop", "cpu": "256", "runtimePlatform": {"cpuArchitecture": "ARM64"},
                "containerDefinitions": [
                    {"name": "app", "image": "new@sha256:1", "environment": [{"name": "A", "value": "1"}]},
                    {"name": "proxy", "image": "envoy"},
                ],
                "tags": [{"key": "team", "value": "shop"}],
            })
        );
    }
}
