# Reference figures from R's survival package. Input: a CSV with columns set,group,time,event and a tau in the first
# argument. Output: tab-separated lines "set kind group values…" with 17 significant digits.
suppressMessages(library(survival))
args <- commandArgs(trailingOnly = TRUE)
tau <- as.numeric(args[2])
all <- read.csv(args[1])
out <- function(...) cat(paste(c(...), collapse = "\t"), "\n", sep = "")
num <- function(x) formatC(x, digits = 17, format = "g")
for (set in unique(all$set)) {
  rows <- all[all$set == set, ]
  for (g in sort(unique(rows$group))) {
    one <- rows[rows$group == g, ]
    fit <- survfit(Surv(time, event) ~ 1, data = one, conf.type = "log-log")
    # summary.survfit refuses a horizon before the first time; the area under a curve that is still 1 is the horizon.
    early <- min(fit$time) > tau
    t <- summary(fit, rmean = if (early) "none" else tau)$table
    if (early) t <- c(t, "rmean" = tau, "se(rmean)" = 0)
    out(set, "table", g, num(t[["records"]]), num(t[["events"]]), num(t[["rmean"]]), num(t[["se(rmean)"]]),
        num(t[["median"]]), num(t[["0.95LCL"]]), num(t[["0.95UCL"]]))
    for (i in seq_along(fit$time))
      out(set, "step", g, num(fit$time[i]), num(fit$surv[i]), num(fit$surv[i] * fit$std.err[i]), num(fit$lower[i]), num(fit$upper[i]))
  }
  if (length(unique(rows$group)) > 1) {
    d <- survdiff(Surv(time, event) ~ group, data = rows)
    df <- sum(d$exp > 0) - 1
    out(set, "logrank", "all", num(d$chisq), num(df), num(pchisq(d$chisq, df, lower.tail = FALSE)))
  }
}
for (k in c(0, 1, 7, 10, 400)) for (n in c(10, 20, 1000)) if (k <= n) {
  w <- prop.test(k, n, correct = FALSE)$conf.int
  out(0, "wilson", k, num(n), num(w[1]), num(w[2]))
}
x <- c(5, 3, 8, 1, 9.5, 2, 2)
for (p in c(0, 0.1, 0.5, 0.9, 1)) out(0, "quantile", p, num(quantile(x, p, type = 7)))
