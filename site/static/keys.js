// Keys for people who work here all day. They do nothing while somebody types, nor with Ctrl, Alt or Meta, and can be
// switched off on the page of help (WCAG 2.1.4).
"use strict";
(function () {
  var off = "sonde-keys-off";
  function isOff() { try { return localStorage.getItem(off) === "yes"; } catch (e) { return false; } }
  var go = { f: "/", a: "/audits", s: "/structures", r: "/review", c: "/campaigns" };
  var waiting = false, at = -1;

  function typing(e) {
    var t = e.target;
    return t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName);
  }
  function rows() { return Array.prototype.slice.call(document.querySelectorAll("[data-row]")); }
  function move(by) {
    var all = rows();
    if (!all.length) return;
    var inside = all.findIndex(function (r) { return r.contains(document.activeElement); });
    if (inside >= 0) at = inside;
    at = Math.max(0, Math.min(all.length - 1, at + by));
    var target = all[at].querySelector("[data-open], a, input, button");
    if (!target) { all[at].tabIndex = -1; target = all[at]; }
    target.focus();
    all[at].scrollIntoView({ block: "nearest" });
  }
  function lead(path) {
    var lang = document.documentElement.lang;
    location.href = path + "?lang=" + encodeURIComponent(lang);
  }

  document.addEventListener("keydown", function (e) {
    if (isOff() || e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || typing(e)) return;
    if (waiting) {
      waiting = false;
      if (go[e.key]) { e.preventDefault(); lead(go[e.key]); }
      return;
    }
    switch (e.key) {
      case "g": waiting = true; setTimeout(function () { waiting = false; }, 1500); break;
      case "/":
        var find = document.getElementById("find") || document.querySelector("input[type=search]");
        if (find) { e.preventDefault(); find.focus(); }
        break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "?": lead("/help"); break;
    }
  });

  document.addEventListener("DOMContentLoaded", function () {
    var box = document.getElementById("keys-off");
    if (box) {
      box.checked = isOff();
      box.addEventListener("change", function () { try { localStorage.setItem(off, box.checked ? "yes" : "no"); } catch (e) { /* private window */ } });
    }
    // A page that follows a campaign can be stopped (WCAG 2.2.2).
    var follows = document.querySelector("[data-follows]");
    if (follows) {
      follows.addEventListener("click", function () {
        var on = follows.dataset.follows !== "on";
        follows.dataset.follows = on ? "on" : "off";
        follows.textContent = on ? document.body.dataset.stop : document.body.dataset.follow;
      });
      document.addEventListener("htmx:before:request", function (e) {
        var from = e.target;
        if (from && from.id === "live" && follows.dataset.follows !== "on") e.preventDefault();
      });
    }
    // Suggestions belong to the field: Escape takes them away.
    var field = document.getElementById("find"), found = document.getElementById("find-found");
    if (field && found) {
      field.form.addEventListener("keydown", function (e) {
        if (e.key === "Escape") { found.textContent = ""; field.focus(); }
      });
      document.addEventListener("click", function (e) { if (!field.form.contains(e.target)) found.textContent = ""; });
    }
  });
})();
