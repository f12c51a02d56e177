// Listening to a call: a click on the drawing, or on a mark, makes the player jump there, and puts the instant into the field that
// asks when somebody spoke. Without this script the marks are links that play from there.
"use strict";
(function () {
  // The drawing area, as the server draws it: from 20 to 980 of 1000 units.
  var left = 20, right = 980;

  function jump(figure, at) {
    var player = figure.querySelector("audio");
    if (player) player.currentTime = at;
    var field = document.querySelector("[data-instant]");
    if (field && field.dataset.armed === "yes") {
      field.value = at.toFixed(2);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  function instant(svg, e) {
    var box = svg.getBoundingClientRect();
    var x = 1000 * (e.clientX - box.left) / box.width;
    var share = Math.max(0, Math.min(1, (x - left) / (right - left)));
    return share * Number(svg.dataset.whole) / 1000;
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-instant]").forEach(function (field) {
      field.addEventListener("focus", function () { field.dataset.armed = "yes"; });
      field.form.addEventListener("focusin", function (e) { if (e.target !== field) field.dataset.armed = "no"; });
    });
    document.querySelectorAll("[data-call]").forEach(function (figure) {
      var player = figure.querySelector("audio");
      figure.addEventListener("click", function (e) {
        var mark = e.target.closest("[data-at]"), svg = e.target.closest("svg[data-whole]");
        if (mark) {
          e.preventDefault();
          jump(figure, Number(mark.dataset.at));
        } else if (svg) {
          jump(figure, instant(svg, e));
        }
      });
      figure.querySelectorAll(".wave").forEach(function (svg) { svg.dataset.on = "yes"; });
      var line = figure.querySelector(".played"), wave = figure.querySelector(".wave");
      if (!player || !line) return;
      player.addEventListener("timeupdate", function () {
        var x = (right - left) * 1000 * player.currentTime / Number(wave.dataset.whole);
        line.removeAttribute("hidden");
        line.setAttribute("transform", "translate(" + x.toFixed(1) + " 0)");
      });
    });

    // Who makes a call stamps its instants: the time of the structure, to the second.
    document.querySelectorAll("[data-now]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var field = document.getElementById(button.dataset.now), parts = {};
        new Intl.DateTimeFormat("en-GB", { timeZone: button.dataset.zone || "UTC", hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
          hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(new Date()).forEach(function (p) { parts[p.type] = p.value; });
        var clock = parts.hour + ":" + parts.minute + ":" + parts.second;
        field.value = field.type === "time" ? clock : parts.year + "-" + parts.month + "-" + parts.day + "T" + clock;
      });
    });
  });
})();
