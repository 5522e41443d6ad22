import com.alibaba.fastjson.JSONObject;
import com.alibaba.nls.client.protocol.NlsClient;
import com.alibaba.nls.client.protocol.OutputFormatEnum;
import com.alibaba.nls.client.protocol.SampleRateEnum;
import com.alibaba.nls.client.protocol.tts.FlowingSpeechSynthesizer;
import com.alibaba.nls.client.protocol.tts.FlowingSpeechSynthesizerListener;
import com.alibaba.nls.client.protocol.tts.FlowingSpeechSynthesizerResponse;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** FlowingSpeechSynthesizer: speaks a text that comes in pieces. */
final class FlowingSynthesizer extends FlowingSpeechSynthesizerListener {
  private final OutputStream output;

  private FlowingSynthesizer(OutputStream output) {
    this.output = output;
  }

  public static void main(String[] words) {
    Events.run(words, FlowingSynthesizer::drive);
  }

  private static void drive(JSONObject given, NlsClient client) throws Exception {
    try (OutputStream output = Events.output(given)) {
      FlowingSpeechSynthesizer synthesizer =
          new FlowingSpeechSynthesizer(client, new FlowingSynthesizer(output));
      synthesizer.setAppKey(given.getString("appkey"));
      synthesizer.setVoice(given.getString("voice"));
      synthesizer.setFormat(OutputFormatEnum.PCM);
      synthesizer.setSampleRate(SampleRateEnum.SAMPLE_RATE_16K);
      given.getJSONObject("start").forEach(synthesizer::addCustomedParam);
      synthesizer.start();
      for (Object piece : given.getJSONArray("texts")) synthesizer.send((String) piece);
      synthesizer.stop();
      Events.tell("stopped");
      synthesizer.close();
    }
  }

  private static void told(String event, FlowingSpeechSynthesizerResponse response) {
    Events.told(event, response, response.getSessionId());
  }

  @Override
  public void onAudioData(ByteBuffer audio) {
    Events.keep(output, audio);
  }

  @Override
  public void onSynthesisStart(FlowingSpeechSynthesizerResponse response) {
    told("start", response);
  }

  @Override
  public void onSentenceBegin(FlowingSpeechSynthesizerResponse response) {
    told("begin", response);
  }

  @Override
  public void onSentenceSynthesis(FlowingSpeechSynthesizerResponse response) {
    told("synthesis", response);
  }

  @Override
  public void onSentenceEnd(FlowingSpeechSynthesizerResponse response) {
    told("end", response);
  }

  @Override
  public void onSynthesisComplete(FlowingSpeechSynthesizerResponse response) {
    told("completed", response);
  }

  @Override
  public void onFail(FlowingSpeechSynthesizerResponse response) {
    told("error", response);
  }
}
