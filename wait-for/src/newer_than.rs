//! How old an object may be: a finished Job of the last release, of the same name, proves nothing about this one.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;

use crate::answer;
use crate::api::Api;
use crate::follow::News;
use crate::kube_error::KubeError;
use crate::moment::{Moment, MomentError};
use crate::object::Metadata;
use crate::resource::{Resource, Scope};
use crate::retry::{Retry, words};

/// `--newer-than`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewerThan {
    /// Any age will do.
    #[default]
    Whatever,
    /// Created after this time.
    Time(Moment),
    /// Created after the pod that waits.
    OwnPod,
}

impl FromStr for NewerThan {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if text == "self" { Ok(Self::OwnPod) } else { text.parse().map(Self::Time) }
    }
}

/// When the pod that waits was created. Where somebody is told of trouble, it is asked for until that is hopeless; else
/// once, and then a pod that is not there is a mistake.
///
/// # Errors
/// What stands in the way.
pub async fn own_pod(
    api: &mut Api,
    pod: &Resource,
    interval: Duration,
    tell: Option<&dyn Fn(News)>,
) -> Result<Option<Moment>, KubeError> {
    let mut retry = Retry::new().map_err(|error| KubeError::Unreachable(error.to_string()))?;
    let mut is_troubled = false;
    loop {
        let error = match read(api, pod).await {
            Ok(created) => {
                if let Some(tell) = tell.filter(|_| is_troubled) {
                    tell(News::Recovered);
                }
                return Ok(Some(created));
            }
            Err(error) => error,
        };
        let is_absent = matches!(error, KubeError::NotFound(_));
        let Some(tell) = tell else {
            return Err(if is_absent { KubeError::Rejected(absent(pod)) } else { error });
        };
        if retry.is_hopeless(&error) {
            return Err(error);
        }
        is_troubled = true;
        tell(News::Trouble(if is_absent { absent(pod) } else { words(&error, &pod.missing_rule()) }));
        if is_absent {
            // It did answer.
            retry.answered();
            sleep(interval).await;
        } else {
            retry.pause(error.retry_after()).await;
        }
    }
}

async fn read(api: &mut Api, pod: &Resource) -> Result<Moment, KubeError> {
    let body = api.get(pod, pod.name().unwrap_or_default()).await?;
    created(answer::object(pod, &body)?.get())
        .ok_or_else(|| KubeError::NoAnswer("our own pod without the time of its creation".into()))
}

/// When the object was created, where it says so.
fn created(object: &str) -> Option<Moment> {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    let object: Object = serde_json::from_str(object).ok()?;
    object.metadata.creation_timestamp?.parse().ok()
}

/// A pod is there before its containers start: if this one is not, it is not ours.
fn absent(pod: &Resource) -> String {
    let name = pod.name().unwrap_or_default();
    let namespace = match pod.scope() {
        Scope::Namespace(namespace) => namespace,
        Scope::AllNamespaces | Scope::Cluster => "",
    };
    format!("own pod {name} in namespace {namespace} not found: are POD_NAME and POD_NAMESPACE right?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_the_own_pod_is_a_limit() {
        assert_eq!("self".parse(), Ok(NewerThan::OwnPod));
        let time = "2026-01-31T12:00:00Z";
        assert_eq!(time.parse(), Ok(NewerThan::Time(time.parse().unwrap())));
        assert!("yesterday".parse::<NewerThan>().unwrap_err().to_string().contains("2026-01-31T12:00:00Z"));
    }

    #[test]
    fn a_pod_tells_when_it_was_created_or_does_not() {
        let time = "2026-01-31T12:00:00Z";
        let pod = format!(r#"{{"metadata":{{"name":"a","creationTimestamp":"{time}"}}}}"#);
        assert_eq!(created(&pod), time.parse().ok());
        for other in [r#"{"metadata":{"name":"a"}}"#, r#"{"metadata":{"creationTimestamp":"now"}}"#, "{}"] {
            assert_eq!(created(other), None, "{other}");
        }
    }
}
