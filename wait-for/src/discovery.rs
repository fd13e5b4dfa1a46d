//! Where the API serves a custom kind: asked of the API server, which knows it once the CRD is there.
//! <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>

use serde_json::Value;

use crate::answer;
use crate::api::Api;
use crate::kind::CustomKind;
use crate::kube_error::KubeError;
use crate::resource::Served;
use crate::suggest::closest;

/// What the API server says of a custom kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is served there.
    Found(Served),
    /// It is not served now; there is perhaps one that looks like it.
    Absent(Option<String>),
}

/// Asks for the kind in the version that is written, else in the group's versions, the preferred one first.
///
/// # Errors
/// Whatever stands in the way of an answer; that the kind is not there is an answer.
pub async fn look_up(api: &mut Api, kind: &CustomKind) -> Result<Lookup, KubeError> {
    let group = format!("/apis/{}", kind.group());
    let versions = match kind.version() {
        Some(version) => vec![version.to_owned()],
        None => match served(api, &group).await? {
            Some(body) => versions(&body)?,
            None => vec![],
        },
    };
    let (mut similar, mut is_known) = (None, false);
    for version in versions {
        let Some(body) = served(api, &format!("{group}/{version}")).await? else { continue };
        is_known = true;
        match find(&body, kind, version)? {
            Lookup::Absent(other) => similar = similar.or(other),
            found @ Lookup::Found(_) => return Ok(found),
        }
    }
    if !is_known {
        confirm_absence(api, kind).await?;
    }
    Ok(Lookup::Absent(similar))
}

/// That it is an API server which does not serve the kind: many a proxy says the same plain 404 to whatever it is asked.
async fn confirm_absence(api: &mut Api, kind: &CustomKind) -> Result<(), KubeError> {
    match api.document("/apis").await {
        Ok(body) if lists(&body, kind)? => {
            Err(KubeError::NoAnswer(format!("HTTP 404 for {}, which it lists", kind.group())))
        }
        // Who may ask for this group alone is told so by the API server, too.
        Ok(_) | Err(KubeError::Forbidden(_)) => Ok(()),
        Err(KubeError::NotServed) => {
            Err(KubeError::NoAnswer("HTTP 404 for all that it is asked: is it an API server?".into()))
        }
        Err(error) => Err(error),
    }
}

/// Whether the list of all groups has the one that was asked for, in the version that was asked for.
fn lists(body: &[u8], kind: &CustomKind) -> Result<bool, KubeError> {
    let groups = read(body, "APIGroupList")?;
    let group = items(&groups, "groups").iter().find(|group| text(group, "name") == kind.group());
    Ok(group.is_some_and(|group| {
        let versions = items(group, "versions");
        kind.version().is_none_or(|wanted| versions.iter().any(|entry| text(entry, "version") == wanted))
    }))
}

/// A document of the API; nothing where it is not served.
async fn served(api: &mut Api, path: &str) -> Result<Option<bytes::Bytes>, KubeError> {
    match api.document(path).await {
        Ok(body) => Ok(Some(body)),
        Err(KubeError::NotServed) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A group's versions, the preferred one first: a kind need not be in all of them.
fn versions(body: &[u8]) -> Result<Vec<String>, KubeError> {
    let group = read(body, "APIGroup")?;
    let mut names = vec![text(&group["preferredVersion"], "version")];
    let others = items(&group, "versions").iter().map(|entry| text(entry, "version"));
    names.extend(others.filter(|name| *name != names[0]).collect::<Vec<_>>());
    Ok(names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The resource that is called so: by its plural, singular, kind or a short name, in whatever case.
fn find(body: &[u8], kind: &CustomKind, version: String) -> Result<Lookup, KubeError> {
    let listing = read(body, "APIResourceList")?;
    let is = |name: &str| name.eq_ignore_ascii_case(kind.name());
    // Subresources are listed too, as widgets/status.
    let whole = items(&listing, "resources").iter().filter(|entry| !text(entry, "name").contains('/'));
    let found = whole.clone().find(|entry| {
        ["name", "singularName", "kind"].into_iter().any(|name| is(text(entry, name)))
            || items(entry, "shortNames").iter().filter_map(Value::as_str).any(is)
    });
    Ok(match found {
        Some(entry) => Lookup::Found(Served {
            group: kind.group().to_owned().into(),
            version: version.into(),
            plural: text(entry, "name").to_owned().into(),
            kind: text(entry, "kind").to_owned().into(),
            is_namespaced: entry["namespaced"] == true,
        }),
        None => {
            let similar = closest(kind.name(), whole.map(|entry| text(entry, "name")));
            Lookup::Absent(similar.map(|name| format!("{name}.{}", kind.group())))
        }
    })
}

/// A document of this kind. What is no such document proves nothing, least of all that a kind is not served.
fn read(body: &[u8], kind: &str) -> Result<Value, KubeError> {
    let other = || answer::instead(body, kind);
    // As text, so that trees are read by one piece of code in the whole program.
    let text = std::str::from_utf8(body).map_err(|_| other())?;
    let document: Value = serde_json::from_str(text).map_err(|_| other())?;
    if document["kind"] == kind { Ok(document) } else { Err(other()) }
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry[name].as_str().unwrap_or_default()
}

fn items<'a>(entry: &'a Value, name: &str) -> &'a [Value] {
    entry[name].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn custom(text: &str) -> CustomKind {
        match text.parse() {
            Ok(Kind::Custom(custom)) => custom,
            other => panic!("{text}: {other:?}"),
        }
    }

    const LISTING: &str = r#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"example.com/v1","resources":[
        {"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","verbs":["get","list","watch"],"shortNames":["wd"]},
        {"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget","verbs":["get"]},
        {"name":"plants","singularName":"","namespaced":false,"kind":"Plant","verbs":["get"],"shortNames":null}]}"#;

    #[test]
    fn a_kind_is_found_by_each_of_its_names() {
        for (text, plural, kind, is_namespaced) in [
            ("widgets.example.com", "widgets", "Widget", true),
            ("Widget.example.com", "widgets", "Widget", true),
            ("wd.v1.example.com", "widgets", "Widget", true),
            ("plant.example.com", "plants", "Plant", false),
        ] {
            let found = find(LISTING.as_bytes(), &custom(text), "v1".into()).unwrap();
            let served = Served {
                group: "example.com".into(),
                version: "v1".into(),
                plural: plural.into(),
                kind: kind.into(),
                is_namespaced,
            };
            assert_eq!(found, Lookup::Found(served), "{text}");
        }
    }

    #[test]
    fn a_kind_that_is_not_there_may_be_a_slip() {
        let look = |text| find(LISTING.as_bytes(), &custom(text), "v1".into()).unwrap();
        assert_eq!(look("widgts.example.com"), Lookup::Absent(Some("widgets.example.com".into())));
        assert_eq!(look("status.example.com"), Lookup::Absent(None));
        assert_eq!(look("sprockets.example.com"), Lookup::Absent(None));
    }

    #[test]
    fn what_a_real_api_server_lists_can_be_read() {
        let body = include_bytes!("../fixtures/discovery-autoscaling.json");
        assert_eq!(versions(body).unwrap(), ["v2", "v1"]);
        // As recorded, with every field that v1.36 writes; the group's name is not looked at.
        let body = include_bytes!("../fixtures/discovery-apps-v1.json");
        let found = find(body, &custom("sts.apps.example.com"), "v1".into()).unwrap();
        assert!(matches!(found, Lookup::Found(Served { plural, .. }) if plural == "statefulsets"));
    }

    #[test]
    fn a_group_that_is_listed_is_not_absent() {
        let groups = br#"{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"example.com","versions":[{"groupVersion":"example.com/v1","version":"v1"}]}]}"#;
        for (kind, expected) in [
            ("widgets.example.com", true),
            ("widgets.v1.example.com", true),
            ("widgets.v2.example.com", false),
            ("widgets.other.com", false),
        ] {
            assert_eq!(lists(groups, &custom(kind)), Ok(expected), "{kind}");
        }
        assert!(lists(b"{}", &custom("widgets.example.com")).is_err());
    }

    #[test]
    fn a_group_without_versions_has_none_and_what_is_no_such_document_is_an_error() {
        assert_eq!(versions(br#"{"kind":"APIGroup"}"#).unwrap(), Vec::<String>::new());
        let others =
            ["{}", "<html>", "404 page not found\n", "[]", r#"{"kind":"Status","status":"Failure"}"#];
        for other in others {
            assert!(versions(other.as_bytes()).is_err(), "{other}");
            assert!(find(other.as_bytes(), &custom("a.b.c"), "v1".into()).is_err(), "{other}");
        }
    }
}
