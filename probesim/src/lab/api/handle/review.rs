//! Reviews: what the asking user may do. They are answered and not stored.
//!
//! See "Checking API access" in the Kubernetes documentation.

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::lab::api::access::{Attributes, Rule, User};
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::Status;
use crate::lab::api::body;
use crate::lab::api::route::Target;

/// What a review asks.
enum Asks {
    Access,
    Rules,
    Who,
}

/// Answers a review.
pub(super) async fn answer(
    head: &Parts,
    incoming: Incoming,
    target: &Target,
    user: Option<&User>,
) -> Result<Answer, Status> {
    let asks = match (target.group.as_str(), target.plural.as_str()) {
        ("authorization.k8s.io", "selfsubjectaccessreviews") => Asks::Access,
        ("authorization.k8s.io", "selfsubjectrulesreviews") => Asks::Rules,
        ("authentication.k8s.io", "selfsubjectreviews") => Asks::Who,
        _ => return Err(Status::unknown_resource()),
    };
    if head.method != Method::POST {
        return Err(Status::method_not_allowed());
    }
    if let Some(user) = user.filter(|user| user.is_anonymous()) {
        let wanted = Attributes {
            verb: "create",
            group: &target.group,
            plural: &target.plural,
            ..Attributes::default()
        };
        return Err(user.forbidden(&wanted));
    }
    let mut review = body::parse(head, &body::read(incoming).await?)?;
    if !review.is_object() {
        return Err(Status::bad_request("the body of the request is not a JSON object"));
    }
    if matches!(asks, Asks::Who) {
        review["kind"] = json!("SelfSubjectReview");
        review["apiVersion"] = json!("authentication.k8s.io/v1");
    }
    review["status"] = match asks {
        Asks::Access => json!({"allowed": user.is_none_or(|user| is_allowed(user, &review["spec"]))}),
        Asks::Rules => rules(user, review["spec"]["namespace"].as_str().unwrap_or_default()),
        Asks::Who => json!({"userInfo": who(user)}),
    };
    Ok(Answer::value(201, &review))
}

/// Without users everybody is the administrator.
fn who(user: Option<&User>) -> Value {
    let Some(user) = user else {
        return json!({"username": "system:admin", "groups": ["system:masters", "system:authenticated"]});
    };
    let namespace = user.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split(':').next());
    let groups = match namespace {
        Some(namespace) => json!([
            "system:serviceaccounts",
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated"
        ]),
        None => json!(["system:authenticated"]),
    };
    json!({"username": user.name, "groups": groups})
}

fn is_allowed(user: &User, spec: &Value) -> bool {
    let wanted = &spec["resourceAttributes"];
    let text = |key: &str| wanted[key].as_str().unwrap_or_default();
    let attributes = Attributes {
        verb: text("verb"),
        group: text("group"),
        plural: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    let path = &spec["nonResourceAttributes"];
    let asks = |key: &str| path[key].as_str().unwrap_or_default();
    (wanted.is_object() && user.may(&attributes))
        || (path.is_object() && user.may_ask_path(asks("verb"), asks("path")))
}

/// The rules that hold in a namespace.
fn rules(user: Option<&User>, namespace: &str) -> Value {
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let rules = user.map_or(everything, |user| {
        let rule = |rule: &Rule| {
            json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources,
                   "resourceNames": rule.resource_names})
        };
        user.rules.iter().filter(|rule| rule.holds_in(namespace)).map(rule).collect()
    });
    json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
}
