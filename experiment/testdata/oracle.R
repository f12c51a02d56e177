# Reference figures from base R: ordinary least squares with block dummies, the cluster-robust variances CR1 (as Stata's
# regress has it) and CR2 with Satterthwaite's degrees of freedom, all written out with whole matrices; and the powers of
# power.prop.test and power.t.test. Input: a CSV with columns set,arm,block,cluster,y in the first argument.
args <- commandArgs(trailingOnly = TRUE)
all <- read.csv(args[1])
out <- function(...) cat(paste(c(...), collapse = "\t"), "\n", sep = "")
num <- function(x) formatC(x, digits = 17, format = "g")
half <- function(m) { # symmetric square root of the generalised inverse
  e <- eigen((m + t(m)) / 2, symmetric = TRUE)
  keep <- e$values > 1e-9
  e$vectors[, keep, drop = FALSE] %*% diag(1 / sqrt(e$values[keep]), sum(keep)) %*% t(e$vectors[, keep, drop = FALSE])
}
for (set in unique(all$set)) {
  d <- all[all$set == set, ]
  d$arm <- factor(d$arm)
  fit <- if (length(unique(d$block)) > 1) lm(y ~ arm + factor(block), d) else lm(y ~ arm, d)
  keep <- !is.na(coef(fit))
  x <- model.matrix(fit)[, keep, drop = FALSE]
  e <- d$y - x %*% coef(fit)[keep]
  n <- nrow(x); k <- ncol(x)
  m <- solve(crossprod(x))
  g <- split(seq_len(n), d$cluster)
  meat <- Reduce(`+`, lapply(g, function(i) tcrossprod(crossprod(x[i, , drop = FALSE], e[i]))))
  cr1 <- m %*% meat %*% m * length(g) / (length(g) - 1) * (n - 1) / (n - k)
  resid <- diag(n) - x %*% m %*% t(x)
  for (arm in levels(d$arm)[-1]) {
    c <- as.numeric(colnames(x) == paste0("arm", arm))
    p <- sapply(g, function(i) resid[, i, drop = FALSE] %*% half(resid[i, i, drop = FALSE]) %*% x[i, , drop = FALSE] %*% m %*% c)
    v <- sum((crossprod(p, d$y))^2)
    q <- crossprod(p)
    df <- sum(diag(q))^2 / sum(q^2)
    b <- sum(coef(fit)[keep] * c)
    out(set, "effect", arm, num(b), num(sqrt(v)), num(sqrt(sum(c * (cr1 %*% c)))), num(df), num(2 * pt(-abs(b) / sqrt(v), df)))
  }
}
for (n in c(20, 150.5, 2000)) for (p in c(0.1, 0.5, 0.8)) for (q in c(0.05, 0.55, 0.9)) if (p != q)
  for (a in c(0.05, 0.025)) out(0, "proportions", paste(n, p, q, a), num(power.prop.test(n = n, p1 = p, p2 = q, sig.level = a)$power))
for (n in c(5, 20.5, 300)) for (d in c(0.1, 0.5, 1.2)) for (a in c(0.05, 0.01))
  out(0, "means", paste(n, d, a), num(power.t.test(n = n, delta = d, sd = 1, sig.level = a)$power))
for (p in c(0.2, 0.5)) out(0, "needed", paste(p, 0.05), num(power.prop.test(p1 = p, p2 = p + 0.05, power = 0.8, tol = 1e-12)$n))
chi <- suppressWarnings(chisq.test(matrix(c(12, 5, 7, 9, 20, 4), 2), correct = FALSE))
out(0, "chisq", "", num(chi$statistic), num(chi$parameter))
out(0, "holm", "", num(p.adjust(c(0.04, 0.001, 0.03, 0.5), "holm")))
