# Golden numbers of further harmonisation methods, R 4.2.2: sva 3.46.0, mgcv 1.8-41, lme4 1.1-31. Run in the folder of X.csv.gz and cov.csv.gz.
suppressMessages({library(sva); library(mgcv); library(lme4)})
X <- as.matrix(read.csv(gzfile("X.csv.gz"))); cov <- read.csv(gzfile("cov.csv.gz"), stringsAsFactors = TRUE)
put <- function(m, f) { con <- gzfile(f, "wt"); write.table(formatC(m, digits = 17, format = "g"), con, sep = ",", quote = FALSE, row.names = FALSE, col.names = FALSE); close(con) }
# 1. ComBat-GAM on fixed knots: the cardinal cubic regression spline of mgcv as covariates of sva ComBat
knots <- c(30, 45, 60, 70, 85)
sm <- smoothCon(s(age, bs = "cr", k = 5), data = cov, knots = list(age = knots))[[1]]
put(sm$X, "ref_cr_basis.csv.gz")
mod <- cbind(1, sm$X[, -1], cov$sex == "M")
put(t(ComBat(t(X), cov$batch, mod = mod)), "ref_sva_spline.csv.gz")
# 2. nested batches: sva ComBat for the site, then for a second batch variable, covariates kept in both
second <- factor(ifelse((seq_len(nrow(X)) %% 3) == 0, "kernelB", "kernelA"))
put(t(ComBat(ComBat(t(X), cov$batch, mod = model.matrix(~ age + sex, cov)), second, mod = model.matrix(~ age + sex, cov))), "ref_sva_nested.csv.gz")
# 3. longitudinal ComBat (Beer et al. 2020), its formulas written out on lme4: 40 patients with 4 visits each at changing sites, 12 features
id <- factor(rep(seq_len(40), each = 4)); shift <- rep(sin(seq_len(40) * 1.7), each = 4)
Y <- X[, 1:12] + outer(shift, apply(X[, 1:12], 2, sd) * seq(0, 2.2, by = 0.2))
batch <- cov$batch; ni <- table(batch); L <- length(id); m <- nlevels(batch)
ctrl <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5), check.conv.singular = "ignore", calc.derivs = FALSE)
sigma <- theta <- numeric(12); z <- predicted <- Y; effects <- Y
for (v in 1:12) {
  fit <- lmer(y ~ age + sex + batch + (1 | id), data = data.frame(y = Y[, v], age = cov$age / 100, sex = cov$sex, batch, id), REML = TRUE, control = ctrl)
  b <- fixef(fit)[paste0("batch", levels(batch)[-1])]
  gamma1 <- -sum(ni[2:m] * b) / L
  own <- c(gamma1, b + gamma1)
  predicted[, v] <- fitted(fit); effects[, v] <- own[as.integer(batch)]
  sigma[v] <- sigma(fit); theta[v] <- (as.data.frame(VarCorr(fit))$sdcor[1] / sigma(fit))^2
  z[, v] <- (Y[, v] - predicted[, v] + effects[, v]) / sigma[v]
}
gammahat <- apply(z, 2, function(c) tapply(c, batch, mean)); delta2hat <- apply(z, 2, function(c) tapply(c, batch, var))
gammabar <- rowMeans(gammahat); tau2bar <- apply(gammahat, 1, var); Dbar <- rowMeans(delta2hat); S2bar <- apply(delta2hat, 1, var)
lambdabar <- (Dbar^2 + 2 * S2bar) / S2bar; thetabar <- (Dbar^3 + Dbar * S2bar) / S2bar
n <- as.numeric(ni); gammastar <- gammahat; delta2star <- delta2hat
for (it in 1:1000) {
  gammastar <- (n * tau2bar * gammahat + delta2star * gammabar) / (n * tau2bar + delta2star)
  ss <- t(sapply(1:m, function(i) colSums((t(t(z[batch == levels(batch)[i], ]) - gammastar[i, ]))^2)))
  delta2star <- (thetabar + 0.5 * ss) / (n / 2 + lambdabar - 1)
}
i <- as.integer(batch)
out <- t(t((z - gammastar[i, ]) / sqrt(delta2star[i, ])) * sigma) + predicted - effects
put(Y, "long_Y.csv.gz"); put(out, "ref_long.csv.gz"); put(cbind(sigma, theta), "ref_long_variances.csv.gz")
