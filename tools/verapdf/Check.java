import java.io.FileInputStream;
import java.util.Map;
import java.util.TreeMap;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Checks files against PDF/UA-1 with veraPDF; names each rule that is broken, and ends with 1 when one is. */
public class Check {
    public static void main(String[] names) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean good = true;
        for (String name : names) {
            try (var stream = new FileInputStream(name);
                    var parser = Foundries.defaultInstance().createParser(stream, PDFAFlavour.PDFUA_1);
                    var validator = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFUA_1, false)) {
                var result = validator.validate(parser);
                good &= result.isCompliant();
                System.out.printf("%s: %s (%d checks)%n", name, result.isCompliant() ? "PDF/UA-1" : "NOT PDF/UA-1",
                        result.getTotalAssertions());
                Map<String, Integer> broken = new TreeMap<>();
                for (TestAssertion one : result.getTestAssertions()) {
                    if (one.getStatus() == TestAssertion.Status.FAILED) {
                        broken.merge(one.getRuleId().getClause() + ": " + one.getMessage(), 1, Integer::sum);
                    }
                }
                broken.forEach((rule, times) -> System.out.printf("  %d × %s%n", times, rule));
            }
        }
        System.exit(good ? 0 : 1);
    }
}
